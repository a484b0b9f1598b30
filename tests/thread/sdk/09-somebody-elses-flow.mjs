// A settings flow belongs to whoever began it; the answer to others says how they get one of their own.

export default [
  async (site, t) => {
    const { sdk } = site
    const [one, other] = [await site.person(), await site.person()]
    const [token, others] = [await site.signIn(one.traits.email), await site.signIn(other.traits.email)].map((a) => a.session_token)
    const flow = await sdk.createNativeSettingsFlow({ xSessionToken: token })
    const refused = await t.refused(sdk.getSettingsFlow({ id: flow.id, xSessionToken: others }), 403, "read by somebody else")
    const { error } = refused.body
    site.show("somebody else's settings flow", refused.body)
    t.eq(error.id, "security_identity_mismatch", "the id")
    t.ok(!JSON.stringify(refused.body).includes(one.traits.email), "whose it is stays untold")
    t.eq(error.bia.next.url, `${site.base}/self-service/settings/api`, "the request that helps")
    const form = { method: "profile", traits: other.traits }
    await t.refused(site.submit("settings", flow, form, others), 403, "sent by somebody else")
    const own = await sdk.createNativeSettingsFlow({ xSessionToken: others })
    t.eq(own.identity.id, other.id, "a flow of their own")
    t.eq((await site.submit("settings", own, form, others)).state, "success", "which takes the form")
  },
]
