// Recovery by a script, to the end: to a settings flow that the same cookies can read, and a new password.
import { next } from "../../../clients/node/lib.mjs"

// Recovers by code; what the last form is answered.
const recover = async (site, script, email) => {
  const flow = await script.call("createBrowserRecoveryFlow")
  await script.submit("recovery", flow, { method: "code", email })
  return script.submit("recovery", flow, { method: "code", code: await site.code(email) })
}
// Chooses a new password in a settings flow, and signs in with it.
const renew = async (site, t, script, flow, identifier) => {
  const password = `a-new-password-${site.unique()}`
  const saved = await script.submit("settings", flow, { method: "password", password })
  t.eq(saved.state, "success", "the new password is taken by the same cookies")
  const login = await site.sdk.createNativeLoginFlow()
  const done = await site.submit("login", login, { method: "password", identifier, password })
  t.eq(done.session.active, true, "and signs in")
}

export default [
  async (site, t) => {
    const { traits } = await site.person()
    const script = site.script()
    const answer = await t.refused(recover(site, script, traits.email), 422, "the stock answer")
    site.show("a recovery by script", answer.body)
    t.eq(answer.body.error.id, "browser_location_change_required", "the id")
    t.ok(answer.body.redirect_browser_to.startsWith(`${site.base}/`), "it leads to this server", answer.body.redirect_browser_to)
    const url = new URL(answer.body.bia.next.url)
    const flow = await script.call("getSettingsFlow", { id: url.searchParams.get("id") })
    await renew(site, t, script, flow, traits.email)
  },
  async (site, t) => {
    const { traits } = await site.person()
    const script = site.script()
    const answer = await recover(site, script, traits.email)
    site.show("a recovery by script, with use_continue_with_transitions", answer)
    const { id } = next(answer, "show_settings_ui").flow
    await renew(site, t, script, await script.call("getSettingsFlow", { id }), traits.email)
  },
]
