// An id of 35 characters is counted, and the way to a new flow is told.

export default [
  async (site, t) => {
    const { sdk } = site
    const { id } = await sdk.createNativeLoginFlow()
    const cut = id.slice(0, 35)
    const refused = await t.refused(site.submit("login", { id: cut }, { method: "password" }), 400, "a cut id")
    const { error } = refused.body
    site.show("an id of 35 characters", refused.body)
    t.ok(/36/.test(error.bia.hint) && /35/.test(error.bia.hint), "both lengths are told", error.bia.hint)
    const read = await t.refused(sdk.getLoginFlow({ id: cut }), [400, 404], "the same when it is read")
    t.ok(/35/.test(read.body.error.bia.hint), "is told, too", read.body.error.bia.hint)
    t.eq((await sdk.getLoginFlow({ id })).id, id, "the whole id finds the flow")
    const begun = await fetch(error.bia.next.url, { headers: { Accept: "application/json" } })
    t.eq(begun.status, 200, "the request that helps begins another")
  },
]
