/** At most so many entries of a list that can grow are told in one answer, at whatever door; so many, unless it is said. */
export const pageItemsMax = 1_000
/** Blocks of one page, and of one look through the log. */
export const pageBlocksMax = 500
