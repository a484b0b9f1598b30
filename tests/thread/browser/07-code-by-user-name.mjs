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

    const two = { username: `user-${site.unique()}`, email: site.email(), work: site.email() }
    await site.sdk.createIdentity({ createIdentityBody: { schema_id: "person", traits: two } })
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.page.locator("input[name=identifier]:visible").first().fill(two.username)
      await v.press("Send me a code")
      const buttons = v.page.locator("button[name=address]")
      await buttons.nth(1).waitFor()
      t.eq(await buttons.count(), 2, "both addresses can be chosen")
      const page = await v.page.content()
      t.ok(!page.includes(two.email) && !page.includes(two.work), "the page does not tell them")
      await buttons.nth(1).click()
      await v.at("Enter your code")
      const [, second] = [two.email, two.work].sort()
      await v.fill("Sign-in code", await v.code(second))
      await v.page.keyboard.press("Enter")
      await v.at("Welcome")
      const home = await v.page.content()
      t.ok(home.includes(two.email) || home.includes(two.work), "signed in")
    })
  },
]
