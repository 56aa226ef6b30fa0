/** Under this name sockets keep what meta sockets need of their children. */
export const ChildTypeId = "@ductworks/peers/Child" as const
