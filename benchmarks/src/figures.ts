// The check that README.md, docs/performance.md and the plots say what the reference run says: node figures.js
import { stale } from "./pages/pages.js"
import { load, reference } from "./store.js"

const paths = await stale(load(reference))
for (const path of paths) console.error(`${path} does not say what benchmarks/results/${reference}.json does`)
if (paths.length > 0) {
  console.error("npm run bench -- --pages writes them")
  process.exit(1)
}
console.log("README.md, docs/performance.md and the plots say what the reference run says")
