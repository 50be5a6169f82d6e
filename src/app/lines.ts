/** Of whatever somebody names: one without an end to its lines does not fill the memory. What follows the last line end is one, too. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
  tooLong: () => Error,
): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
    if (rest.length > lineBytesMax) throw tooLong()
  }
  if (rest.length > 0) yield rest.toString('utf8')
}
