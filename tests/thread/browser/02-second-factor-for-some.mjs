// A customer signs in and is home. A member of staff is led to the one thing there is to do: set up an app.

export default [
  async (site, t, visitor) => {
    const customer = await site.person(undefined, { metadata_admin: { staff: false } })
    const staff = await site.person(undefined, { metadata_admin: { staff: true } })
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.signIn(customer.traits.email)
      await v.isHomeAs(customer.traits.email)
    })
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.signIn(staff.traits.email)
      await v.at("Your account")
      const sections = await v.page.locator("section h2").allInnerTexts()
      t.eq(sections, ["Authenticator app"], "only the app can be set up")
      await v.setsUpApp()
      await v.open("/ui/")
      await v.isHomeAs(staff.traits.email)
    })
  },
]
