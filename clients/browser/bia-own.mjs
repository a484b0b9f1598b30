#!/usr/bin/env node
// Somebody at a server of `bia serve --dev` on which more of our own is switched on: browsers that are trusted for a second
// factor (SELFSERVICE_METHODS_TOTP_ENABLED, SESSION_WHOAMI_REQUIRED_AAL=highest_available, BIA_TRUSTED_BROWSER_ENABLED), and
// waits after three wrong passwords (BIA_ABUSE_PASSWORD_ATTEMPTS=3, BIA_ABUSE_PASSWORD_DELAY=3s). As in bia-dev.mjs, everything is found by labels and
// words, each journey is walked with and without JavaScript, and every page on the way is looked at.
import { Tally, args, totp } from "../node/tools.mjs"
import { launch } from "./reader.mjs"
import { newPassword, walkTwice } from "./stranger.mjs"

const opt = args({
  public: "http://127.0.0.1:4433",
  chromium: process.env.CHROMIUM || "/usr/bin/chromium",
  only: "",
  shots: "", // folder for a picture of every page
})
const base = opt.public.replace(/\/$/, "")
const t = new Tally(opt.only, true)
const browser = await launch(opt.chromium)

// A little longer than BIA_ABUSE_PASSWORD_DELAY.
const WAIT = 3_500
const TRUST = /Do not ask for this again in this browser/
const CODE = "Code from your authenticator app"
// A code counts once. That of the next half minute is taken as well, and no earlier one after it.
const nextCode = (secret) => totp(secret, Date.now() + 30_000)

await walkTwice(t, browser, { base, shots: opt.shots }, {
  "a browser that is trusted is not asked again until that is ended": async (s) => {
    await s.signUp()
    await s.open("/self-service/settings/browser")
    await s.at("Your account")
    const secret = await s.setsUpApp()
    await s.signOut()
    await s.signIn()
    await s.at("Second step")
    const box = s.page.getByRole("checkbox", { name: TRUST })
    t.eq(await box.count(), 1, "there is one box")
    t.eq(await box.isChecked(), false, "and nobody has ticked it")
    const [field, tick] = [await s.page.getByLabel(CODE).boundingBox(), await box.boundingBox()]
    t.ok(tick.y >= field.y + field.height, "it stands below the code", { field, tick })
    await box.check()
    await s.fill(CODE, nextCode(secret))
    await s.page.keyboard.press("Enter")
    await s.isHome()

    await s.signOut()
    await s.signIn()
    await s.isHome()
    await s.follow("Account settings")
    await s.at("Your account")
    await s.follow("Trusted browsers")
    await s.at("Trusted browsers")
    await s.reads("this browser", "it is listed")
    await s.press("Trust no longer")
    await s.reads(/You trust no browser/, "and the trust is ended")
    await s.at("Trusted browsers")
    await s.signOut()
    await s.signIn()
    await s.at("Second step")
    await s.follow("Sign out and use another account")
    await s.open("/ui/trusted-browsers")
    await s.at("Sign in")
  },

  "whoever was wrong too often is told to wait, and gets in after it": async (s) => {
    await s.signUp()
    await s.signOut()
    const good = s.password
    s.password = newPassword()
    await s.signIn()
    for (let attempt = 1; attempt <= 3; attempt++) {
      await s.reads(/is wrong/, "a wrong password is refused")
      await s.fill("Password", attempt < 3 ? newPassword() : good)
      await s.page.keyboard.press("Enter")
    }
    await s.reads(/too many wrong attempts\. Nothing was tried/, "after three of them the right one is not tried either")
    await s.at("Sign in")
    await s.page.waitForTimeout(WAIT)
    await s.fill("Password", good)
    await s.page.keyboard.press("Enter")
    await s.isHome()
  },
})

await browser.close()
if (t.failures.length) console.log("\nFailures:\n" + t.failures.map((f) => `  ${f}`).join("\n"))
console.log(`\n${t.passed} passed, ${t.failed} failed`)
process.exit(t.failed ? 1 : 0)
