import { Address, DuctError } from "@ductworks/core"
import type { Exit, Schema } from "effect"
import { describe, expectTypeOf, it } from "vitest"

describe("Address", () => {
  it("is told apart by its tag", () => {
    expectTypeOf<Address.Address["_tag"]>().toEqualTypeOf<
      "UnixAddress" | "TcpAddress" | "FdAddress" | "MemoryAddress"
    >()
    expectTypeOf<Extract<Address.Address, { readonly _tag: "TcpAddress" }>>().toEqualTypeOf<Address.TcpAddress>()
  })

  it("is read from text with a typed failure, without services", () => {
    expectTypeOf(Address.fromString).returns.toEqualTypeOf<Exit.Exit<Address.Address, DuctError.InvalidAddress>>()
    expectTypeOf(Address.FromString).toEqualTypeOf<Schema.Schema<Address.Address, string>>()
  })

  it("does not take a number for a path", () => {
    // @ts-expect-error a path is text
    Address.UnixAddress(3)
    // @ts-expect-error the fields are read-only
    Address.UnixAddress("/run/app.sock").path = ""
  })
})

describe("DuctError", () => {
  it("is guarded into what all have in common, and an end of file into three of it", () => {
    expectTypeOf(DuctError.isDuctError).guards.toEqualTypeOf<DuctError.AnyDuctError>()
    expectTypeOf(DuctError.isEndOfFile).guards.toEqualTypeOf<
      DuctError.RemoteDuctClosed | DuctError.MessageTruncated | DuctError.RemoteDuctReset
    >()
  })

  it("keeps the end of the stream out of what a write's interruption could be", () => {
    expectTypeOf<DuctError.AcceptError["_tag"]>().toEqualTypeOf<"DuctClosed" | "CommunicationFault">()
    expectTypeOf<DuctError.ReadError>().not.toExtend<DuctError.WriteError>()
  })
})
