import { shortName } from './names.ts'

export { initialsOf, inText, shortName } from './names.ts'

export function Name({ text }: { readonly text: string }) {
  const shown = shortName(text)
  return (
    <bdi className="name" title={shown}>
      {shown}
    </bdi>
  )
}
