// Walks one question's journey with both of Ory's TypeScript SDKs, against a server that runs already.
import { AxiosFace, FetchFace, Tally, args } from "../../../clients/node/lib.mjs"
import { Site } from "./site.mjs"

const opt = args({ question: "", server: "1", public: "", admin: "", proxy: "" })
const t = new Tally("", true)
// A journey is a list of functions, one for each server that the question's page starts.
const { default: steps } = await import(`./${opt.question}.mjs`)
const step = steps[opt.server - 1]

for (const Face of [AxiosFace, FetchFace]) {
  const site = new Site(new Face(opt.public, opt.admin), opt)
  await t.journey(`${opt.question} by ${site.sdk.name}, server ${opt.server}`, () => step(site, t))
}
console.log(`${t.passed} passed, ${t.failed} failed`)
process.exit(t.failed ? 1 : 0)
