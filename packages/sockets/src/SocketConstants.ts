/**
 * The constants of the system's sockets, by group, as its headers have them: what `SO_REUSEADDR` is in C is
 * `SO.REUSEADDR` here. A constant that this system lacks is -1. Without the native addon they are those of Linux: the
 * portable sockets know the ones they support by these numbers.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import { linuxConstants } from "./internal/linuxConstants.js"
import { load } from "./internal/load.js"

type Values<Group extends keyof typeof linuxConstants> = {
  readonly [Name in keyof (typeof linuxConstants)[Group]]: number
}

const ofSystem = Either.match(load(), {
  onLeft: () => undefined,
  onRight: ({ constants }) => constants
})

const values = <Names extends string>(
  group: keyof typeof linuxConstants,
  linux: Readonly<Record<Names, number>>
): { readonly [Name in Names]: number } =>
  ofSystem === undefined ? linux : Record.map(linux, (_, name) => ofSystem[group][name] ?? -1)

/**
 * Domains of sockets, also called address families: `AF.INET`, `AF.INET6`, `AF.UNIX` …
 *
 * @since 0.1.0
 * @category constants
 * @example
 * import { AF, IPPROTO, PF, SO, SOL, TCP } from "@ductworks/sockets/SocketConstants"
 *
 * console.assert(PF.INET === AF.INET && AF.INET !== AF.INET6)
 * console.assert([SOL.SOCKET, SO.REUSEADDR, IPPROTO.TCP, TCP.NODELAY].every((value) => value >= 0))
 */
export const AF: Values<"AF"> = values("AF", linuxConstants.AF)

/**
 * The same as {@link AF}, by its other name (protocol family).
 *
 * @since 0.1.0
 * @category constants
 */
export const PF: Values<"AF"> = AF

/**
 * Types of sockets: `SOCK.STREAM`, `SOCK.DGRAM`, `SOCK.SEQPACKET` …
 *
 * @since 0.1.0
 * @category constants
 */
export const SOCK: Values<"SOCK"> = values("SOCK", linuxConstants.SOCK)

/**
 * What a shutdown ends: `SHUT.RD`, `SHUT.WR`, `SHUT.RDWR`.
 *
 * @since 0.1.0
 * @category constants
 */
export const SHUT: Values<"SHUT"> = values("SHUT", linuxConstants.SHUT)

/**
 * Levels of options: `SOL.SOCKET`, and on some systems those of protocols, which are {@link IPPROTO} everywhere.
 *
 * @since 0.1.0
 * @category constants
 */
export const SOL: Values<"SOL"> = values("SOL", linuxConstants.SOL)

/**
 * Options of the level `SOL.SOCKET`: `SO.REUSEADDR`, `SO.SNDBUF`, `SO.LINGER` …
 *
 * @since 0.1.0
 * @category constants
 */
export const SO: Values<"SO"> = values("SO", linuxConstants.SO)

/**
 * Protocols, which are also levels of options: `IPPROTO.TCP`, `IPPROTO.IPV6` …
 *
 * @since 0.1.0
 * @category constants
 */
export const IPPROTO: Values<"IPPROTO"> = values("IPPROTO", linuxConstants.IPPROTO)

/**
 * Options of the level `IPPROTO.IP`: `IP.TTL`, `IP.MULTICAST_LOOP` …
 *
 * @since 0.1.0
 * @category constants
 */
export const IP: Values<"IP"> = values("IP", linuxConstants.IP)

/**
 * Options of the level `IPPROTO.IPV6`: `IPV6.V6ONLY`, `IPV6.MULTICAST_HOPS` …
 *
 * @since 0.1.0
 * @category constants
 */
export const IPV6: Values<"IPV6"> = values("IPV6", linuxConstants.IPV6)

/**
 * Options of the level `IPPROTO.TCP`: `TCP.NODELAY`, `TCP.KEEPIDLE` …
 *
 * @since 0.1.0
 * @category constants
 */
export const TCP: Values<"TCP"> = values("TCP", linuxConstants.TCP)

/**
 * Options of the level `IPPROTO.UDP`: `UDP.SEGMENT`, `UDP.GRO` …
 *
 * @since 0.1.0
 * @category constants
 */
export const UDP: Values<"UDP"> = values("UDP", linuxConstants.UDP)

/**
 * Flags of sending and receiving, to be joined by `|`: `MSG.PEEK`, `MSG.OOB`, `MSG.TRUNC` …
 *
 * @since 0.1.0
 * @category constants
 */
export const MSG: Values<"MSG"> = values("MSG", linuxConstants.MSG)
