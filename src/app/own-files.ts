/** `cli` and `desktop` do not reach into `io`: what they need to read and write a person's own files, they have from here. */
export { diskFailure, openGiven, readAtMost, readAtMostSync, syncFolder, whyUnread } from '../io/files.ts'
