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

    const two = { username: `user-${site.unique()}`, email: site.email(), work: site.email() }
    await sdk.createIdentity({ createIdentityBody: { schema_id: "person", traits: two } })
    const other = await sdk.createNativeLoginFlow()
    const asked = await t.refused(site.submit("login", other, { method: "code", identifier: two.username }), 400, "asked by name")
    site.show("a choice of the address", asked.body)
    t.ok(![two.email, two.work].some((address) => JSON.stringify(asked.body).includes(address)), "addresses are not told")
    const offered = asked.body.ui.nodes.map((node) => node.attributes).filter((a) => a.name === "address")
    t.eq(offered.length, 2, "both can be chosen")
    const chosen = { method: "code", identifier: two.username, address: offered[1].value }
    const gone = await t.refused(site.submit("login", other, chosen), 400, "the code is sent there")
    t.eq(gone.body.state, "sent_email", "to the one that was chosen")
    const [, second] = [two.email, two.work].sort()
    const code = await site.code(second)
    const signedIn = await site.submit("login", other, { method: "code", identifier: two.username, code })
    t.eq(signedIn.session.identity.traits.username, two.username, "and signs in")
  },
]
