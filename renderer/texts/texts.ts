import type { en } from './en/index.ts'

/** Every text with its key, as English has it; the other languages have the same keys, and the compiler sees to it. */
type Widened<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Widened<T[Key]> }
export type Texts = Widened<typeof en>
