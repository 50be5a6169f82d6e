/** `cli` does not reach into `io`: its commands that write a person's own files have the disk's names from here. */
export { diskFailure } from '../io/files.ts'
