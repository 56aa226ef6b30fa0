/** What a socket counts; see `PeerStats`. */
export class Counters {
  received = 0
  sent = 0
  empty = 0
  undecodable = 0
  oversize = 0
  unknownTypes = 0
  filtered = 0
  badPeers = 0
  refusedPeers = 0
  droppedReceived = 0
  droppedSent = 0
  failedSent = 0
  handlerFailures = 0
  hookFailures = 0
  missedTicks = 0
  timedOut = 0
  neverSpoke = 0
  tooSlow = 0
  unexpectedReplies = 0
  droppedEvents = 0
}
