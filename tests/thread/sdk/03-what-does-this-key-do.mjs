// passwordless_enabled, before and after: whether a form offers codes as a way to sign in.
import { nodes } from "../../../clients/node/lib.mjs"

const groups = (flow) => [...new Set(nodes(flow).map((n) => n.group))].filter((g) => g !== "default").sort()

export default [
  async (site, t) => {
    const flow = await site.sdk.createNativeLoginFlow()
    t.eq(groups(flow), ["password"], "without it there are passwords")
    const { traits } = await site.person()
    const refused = await t.refused(site.submit("login", flow, { method: "code", identifier: traits.email }), 400, "a code")
    site.show("a code where codes are no way to sign in", refused.body)
    t.eq(refused.body.ui.messages.map((m) => m.id), [4010002], "no method fits")
    const words = await (await fetch(`${site.base}/bia/explain/selfservice.methods.code.passwordless_enabled`)).text()
    t.ok(/sign/.test(words) && words.length > 200, "the server itself explains the key", words)
  },
  async (site, t) => {
    const flow = await site.sdk.createNativeLoginFlow()
    t.eq(groups(flow), ["code", "password"], "with it there are codes beside passwords")
    const { traits } = await site.person()
    const sent = await t.refused(site.submit("login", flow, { method: "code", identifier: traits.email }), 400, "asked for a code")
    t.eq(sent.body.state, "sent_email", "it is sent")
    const done = await site.submit("login", flow, { method: "code", identifier: traits.email, code: await site.code(traits.email) })
    t.eq(done.session.authentication_methods.map((m) => m.method), ["code"], "and signs in, without a password")
  },
]
