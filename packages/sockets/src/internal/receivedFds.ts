/**
 * Descriptors that came over a socket and that nothing has taken over, for all layers of this thread: the number of one
 * that was, and was closed since, may be anybody's.
 */
export const receivedFds = new Set<number>()
