/** Marks that turn the writing around. */
const marks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/

/** A name that can stand in the middle of a sentence: whichever way it is written, it keeps that to itself. */
export function plainName(name: string): string {
  const plain = name.replaceAll(marks, '')
  return rightToLeft.test(plain) ? `\u2068${plain}\u2069` : plain
}
