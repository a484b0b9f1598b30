// A user name is enough to get a code by mail and to sign in.

export default [
  async (site, t, visitor) => {
    const traits = { username: `user-${site.unique()}`, email: site.email() }
    await site.sdk.createIdentity({ createIdentityBody: { schema_id: "person", traits } })
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.at("Sign in")
      await v.page.locator("input[name=identifier]:visible").first().fill(traits.username)
      await v.press("Send me a code")
      await v.at("Enter your code")
      t.ok(!(await v.page.content()).includes(traits.email), "the page does not tell the address")
      await v.fill("Sign-in code", await v.code(traits.email))
      await v.page.keyboard.press("Enter")
      await v.isHomeAs(traits.email)
    })
  },
]
