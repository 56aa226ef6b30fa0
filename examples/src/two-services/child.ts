/** The pricing service as a process of its own. */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { Pricing } from "./contract.js"
import { pricing } from "./pricing.js"

NodeRuntime.runMain(pricing.pipe(Effect.provide(Pricing.layerChild().pipe(Layer.provide(NodeTransport.layer)))))
