import { defineConfig } from "vitest/config"

/** Tests run the sources, not the build: the `@ductworks/source` condition of every package's exports. */
const conditions = ["@ductworks/source"]

export const project = (name: string) =>
  defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: { name, include: ["test/**/*.test.ts"], pool: "forks", testTimeout: 20_000 }
  })
