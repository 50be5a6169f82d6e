/** `cli` does not reach into `io`: its commands that write a person's own files have the disk's names, and its syncing, from here. */
export { diskFailure, syncFolder } from '../io/files.ts'
