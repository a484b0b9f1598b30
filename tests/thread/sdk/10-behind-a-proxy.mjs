// Behind a proxy that takes a path prefix away: what goes wrong while the server does not know of it, and that all is well
// when it does.
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { PREFIX, withProxy } from "../proxy.mjs"
import { PASSWORD, Site } from "./site.mjs"

// The rules of the doctor that are about the proxy, and what they found.
const probe = async (base, files) => {
  const options = ["doctor", ...files.flatMap((file) => ["-c", file]), "--probe", `${base}/`, "--format", "json"]
  const { stdout } = await promisify(execFile)("bia", options).catch((ended) => ended)
  return JSON.parse(stdout).findings.filter((found) => found.rule.startsWith("probe."))
}
const behind = (journey) => (inside, t) =>
  withProxy(inside, (base) => journey(new Site(new inside.sdk.constructor(base, inside.admin), { ...inside, public: base }), t))

export default [
  behind(async (site, t) => {
    const flow = await site.script().call("createBrowserLoginFlow")
    t.ok(!flow.ui.action.includes(PREFIX), "the form leads past the proxy", flow.ui.action)
    const found = await probe(site.base, ["kratos.yml"])
    site.show("the doctor, through the proxy", { found })
    t.eq(found.map((one) => one.rule), ["probe.base_url"], "which the doctor finds")
    t.ok(found[0].snippet.includes(`base_url: ${site.base}/`), "and mends", found[0].snippet)
  }),
  behind(async (site, t) => {
    const { traits } = await site.person()
    const script = site.script()
    const flow = await script.call("createBrowserLoginFlow")
    t.ok(flow.ui.action.startsWith(`${site.base}/self-service/login`), "the form leads through the proxy", flow.ui.action)
    const done = await script.submit("login", flow, { method: "password", identifier: traits.email, password: PASSWORD })
    t.eq(done.session.active, true, "and signs in")
    t.eq((await script.call("toSession")).identity.traits, traits, "the cookie counts")
    t.eq(await probe(site.base, ["kratos.yml", "prefix.yml"]), [], "the doctor finds nothing")
  }),
]
