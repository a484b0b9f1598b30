// Staff have to set up an app before anything else; customers notice nothing.
import { nodes, textNode, totp } from "../../../clients/node/lib.mjs"

export default [
  async (site, t) => {
    const { sdk } = site
    const staff = await site.person(undefined, { metadata_admin: { staff: true } })
    const customer = await site.person(undefined, { metadata_admin: { staff: false } })

    const free = await site.signIn(customer.traits.email)
    t.ok((await sdk.toSession({ xSessionToken: free.session_token })).active, "a customer is signed in by password alone")

    const token = (await site.signIn(staff.traits.email)).session_token
    const refused = await t.refused(sdk.toSession({ xSessionToken: token }), 403, "whoami of staff")
    site.show("whoami of staff without an app", refused.body)
    t.eq(refused.body.error.id, "session_aal2_required", "the id")
    t.ok(refused.body.redirect_browser_to.includes("/self-service/settings"), "leads to where one is set up")

    const flow = await sdk.createNativeSettingsFlow({ xSessionToken: token })
    const groups = new Set(nodes(flow).map((n) => n.group).filter((group) => group !== "default"))
    t.eq([...groups], ["totp"], "which shows nothing else")
    const secret = textNode(flow, "totp_secret_key").attributes.text.text
    const saved = await site.submit("settings", flow, { method: "totp", totp_code: totp(secret) }, token)
    t.eq(saved.state, "success", "the app is set up")
    t.ok((await sdk.toSession({ xSessionToken: token })).active, "and the session is good from then on")

    const again = await site.signIn(staff.traits.email)
    await t.refused(sdk.toSession({ xSessionToken: again.session_token }), 403, "the next sign-in with the password alone")
    const second = await sdk.createNativeLoginFlow({ aal: "aal2", xSessionToken: again.session_token })
    t.eq(nodes(second).some((n) => n.group === "totp"), true, "asks for the app")
  },
]
