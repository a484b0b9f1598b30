// A user name is enough to get a code: it goes to the address of the account, which the answer does not tell.

export default [
  async (site, t) => {
    const { sdk } = site
    const username = `user-${site.unique()}`
    const email = site.email()
    await sdk.createIdentity({ createIdentityBody: { schema_id: "person", traits: { username, email } } })
    const flow = await sdk.createNativeLoginFlow()
    const sent = await t.refused(site.submit("login", flow, { method: "code", identifier: username }), 400, "asked by name")
    site.show("a code by user name", sent.body)
    t.eq(sent.body.state, "sent_email", "the code is sent")
    t.ok(!JSON.stringify(sent.body).includes(email), "and the address is not told")
    const done = await site.submit("login", flow, { method: "code", identifier: username, code: await site.code(email) })
    t.eq(done.session.identity.traits.username, username, "it signs in")
    t.eq((await sdk.toSession({ xSessionToken: done.session_token })).active, true, "for good")
  },
]
