/** What this package uses of node-gyp-build, which has no types; what it finds is the addon of `binding/`. */
declare module "node-gyp-build" {
  const load: {
    /** Loads what `path` finds. */
    (directory: string): import("./binding.js").Binding
    /** `<directory>/build/Release/*.node`, else the file of this platform in `<directory>/prebuilds`; throws if there is none. */
    readonly path: (directory: string) => string
  }
  export default load
}
