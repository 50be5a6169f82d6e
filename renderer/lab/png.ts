/** Twice as fine as on the screen: for print and for the wall. */
const scale = 2

/** A drawing as a picture on white; `undefined`: the browser cannot make one, of one so large. */
export async function pngOf(svg: string): Promise<Blob | undefined> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width * scale
    canvas.height = image.height * scale
    const context = canvas.getContext('2d')
    if (context === null) return undefined
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    return blob ?? undefined
  } catch {
    return undefined
  } finally {
    URL.revokeObjectURL(url)
  }
}
