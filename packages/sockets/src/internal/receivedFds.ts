/**
 * Descriptors that came over a socket and that nothing has taken over, and what they came with, for all layers of this
 * thread: the number of one that was, and was closed since, may be anybody's, be it another receive's.
 */
export const receivedFds = new Map<number, ReadonlyArray<number>>()
