#!/usr/bin/env node
// A stranger at a server that was started by `bia serve --dev` and nothing else: signs up, confirms the address by the
// code from the inbox page, signs in and out, changes the password and recovers it. Everything is found as a reader finds
// it, by labels and words; nothing is read from the server but its pages. Each journey is walked twice, with and without
// JavaScript, and every page on the way is looked at: headings, labels, what the browser complains about, where it asks.
import { Tally, args } from "../node/tools.mjs"
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

await walkTwice(t, browser, { base, shots: opt.shots }, {
  "a stranger signs up and confirms the address": async (s) => {
    const good = s.password
    s.password = "short"
    await s.open("/ui")
    await s.at("Welcome")
    await s.follow("Create an account")
    await s.at("Create an account")
    await s.fill("E-mail", s.email)
    await s.press("Sign up")
    await s.at("One more thing")
    await s.fill("Password", s.password)
    await s.press("Sign up")
    await s.reads(/at least 8/, "a short password is refused, and the page says why")
    await s.at("One more thing")
    s.password = good
    await s.fill("Password", s.password)
    await s.press("Sign up")
    await s.at("Enter your code")
    const code = await s.code()
    await s.fill("Verification code", code === "000000" ? "111111" : "000000")
    await s.page.keyboard.press("Enter")
    await s.reads(/code is wrong/, "a wrong code is refused, and the page says so")
    await s.fill("Verification code", code)
    await s.page.keyboard.press("Enter")
    await s.at("Thank you")
    await s.follow("Continue")
    await s.at("Welcome")
    await s.reads(s.email, "signed in")
  },

  "the link in the mail confirms the address, too": async (s) => {
    await s.signUp()
    const inbox = await s.page.getByRole("link", { name: /inbox/i }).first().getAttribute("href")
    await s.page.goto(inbox)
    await s.at("Inbox")
    await s.page.locator("article", { hasText: s.email }).first().getByRole("link").first().click()
    await s.at("Enter your code")
    await s.press("Continue")
    await s.at("Thank you")
  },

  "signing out and in again": async (s) => {
    await s.signUp()
    await s.signOut()
    const good = s.password
    s.password = newPassword()
    await s.signIn()
    await s.reads(/is wrong/, "a wrong password is refused, and the page says so")
    await s.at("Sign in")
    s.password = good
    await s.fill("Password", good)
    await s.press("Sign in with password")
    await s.isHome()
    await s.reads("this browser", "the session is listed")
    await s.open("/ui/login")
    await s.isHome()
  },

  "changing name and password": async (s) => {
    await s.signUp()
    await s.open("/ui/")
    await s.follow("Account settings")
    await s.at("Your account")
    const profile = s.page.getByTestId("ui/section/profile")
    await profile.getByLabel("Name").fill("Grace King")
    await profile.getByRole("button", { name: "Save" }).click()
    await s.reads("Your changes are saved.", "the name is saved")
    s.password = newPassword()
    const section = s.page.getByTestId("ui/section/password")
    await section.getByLabel("Password").fill(s.password)
    await section.getByRole("button", { name: "Save" }).click()
    await s.reads("Your changes are saved.", "the password is saved")
    await s.at("Your account")
    await s.signOut()
    await s.signIn()
    await s.isHomeAs(`Grace King (${s.email})`)
  },

  "a forgotten password": async (s) => {
    await s.signUp()
    await s.signOut()
    await s.open("/ui/login")
    await s.follow("Forgot your password?")
    await s.recovers(s.email)
    await s.reads(/You are back/, "the page says what to do now")
    s.password = newPassword()
    await s.changesPassword(s.password)
    await s.signOut()
    await s.signIn()
    await s.isHome()
  },

  "old and foreign pages lead to new ones": async (s) => {
    const nobodys = "00000000-0000-4000-8000-000000000000"
    for (const [path, heading] of [
      [`/ui/login?flow=${nobodys}`, "Sign in"],
      ["/ui/registration?flow=nonsense", "Create an account"],
      ["/ui/recovery", "Recover your account"],
      ["/ui/verification", "Confirm your address"],
      [`/ui/settings?flow=${nobodys}`, "Sign in"],
    ]) {
      await s.open(path)
      await s.at(heading)
    }
    await s.open("/ui/login?return_to=" + encodeURIComponent(`${base}/ui/?came=back`))
    await s.at("Sign in")
    const flow = s.page.url()
    await s.context.clearCookies()
    await s.page.goto(flow)
    await s.at("Sign in")
    t.ok(s.page.url() !== flow, "a form that belongs to another browser is replaced")
    await s.open("/self-service/login/browser?return_to=https://elsewhere.invalid/")
    await s.at("That did not work")
  },
})

await t.journey("a browser that refuses cookies is told", async () => {
  // Chromium cannot be told to refuse them from outside; a client that forgets them goes the same way.
  let url = `${base}/ui/login`
  let answer
  for (let hops = 0; hops < 10; hops++) {
    answer = await fetch(url, { redirect: "manual", headers: { Accept: "text/html" } })
    if (!answer.headers.has("location")) break
    url = answer.headers.get("location")
  }
  t.eq(answer.status, 403, "it ends, with an error")
  t.ok(/Allow cookies/.test(await answer.text()), "the page says what to do")
  t.ok(/default-src 'none'/.test(answer.headers.get("content-security-policy")), "under the same policy as all pages")
})

await browser.close()
if (t.failures.length) console.log("\nFailures:\n" + t.failures.map((f) => `  ${f}`).join("\n"))
console.log(`\n${t.passed} passed, ${t.failed} failed`)
process.exit(t.failed ? 1 : 0)
