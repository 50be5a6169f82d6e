/** `cli` does not reach into `io`: what its commands need to read and write a person's own files, they have from here. */
export { diskFailure, readAtMost, syncFolder } from '../io/files.ts'
