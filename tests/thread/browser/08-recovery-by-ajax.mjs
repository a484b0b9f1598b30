// Recovery on Bia's pages ends on Bia's pages, and by `fetch` in JSON that leads on.
import { PASSWORD } from "../sdk/site.mjs"

const recover = (site, t, visitor) =>
  visitor.atSignIn(async (v, email) => {
    await v.follow("Forgot your password?")
    await v.recovers(email)
    t.ok(v.page.url().startsWith(`${site.base}/ui/settings?`), "the settings are a page of this server", v.page.url())
    await v.changesPassword(`${PASSWORD}-2`)
  })

// Runs in the page: the last two requests of a recovery by script, and the one that the answer names.
const byScript = async ([action, form]) => {
  const headers = { Accept: "application/json", "Content-Type": "application/json" }
  const answer = await fetch(action, { method: "POST", headers, body: JSON.stringify(form) })
  const body = await answer.json()
  const url = body.bia?.next?.url
  const next = url && (await fetch(url, { headers }))
  return { status: answer.status, body, next: next && { status: next.status, flow: await next.json() } }
}

const recoverByScript = async (site, t, visitor, status) => {
  const { traits } = await site.person()
  await (await visitor()).journey(async (v) => {
    await v.open("/self-service/recovery/browser")
    await v.asksForRecovery(traits.email)
    const action = await v.page.locator("form").first().getAttribute("action")
    const csrf_token = await v.page.locator("input[name=csrf_token]").first().inputValue()
    const code = await v.code(traits.email)
    // Pages of Bia let no script ask for anything; a script of the same origin goes on from here.
    await v.open("/health/ready")
    const got = await v.page.evaluate(byScript, [action, { method: "code", code, csrf_token }])
    site.show("a recovery by fetch", got.body)
    t.eq(got.status, status, "the answer")
    if (status === 200) return t.ok(got.body.continue_with.some((c) => c.action === "show_settings_ui"), "it leads on")
    t.ok(got.body.redirect_browser_to.startsWith(`${site.base}/`), "to this server", got.body.redirect_browser_to)
    t.eq(got.next?.status, 200, "the next request works with the same cookies")
    t.ok(got.next.flow.ui.nodes.some((n) => n.group === "password"), "and offers a new password")
  })
}

export default [
  async (site, t, visitor) => {
    await recover(site, t, visitor)
    await recoverByScript(site, t, visitor, 422)
  },
  async (site, t, visitor) => {
    await recover(site, t, visitor)
    await recoverByScript(site, t, visitor, 200)
  },
]
