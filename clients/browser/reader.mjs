// Somebody in front of Bia's own pages, who finds everything as a reader does, by labels and words, and looks at each page:
// its headings and labels, what the browser complains about, where it asks.
import { chromium } from "playwright-core"
import { totp } from "../node/tools.mjs"

const PATIENCE = 15000

// A Chromium that can reach nothing but this machine, whatever a page asks for.
export const launch = (executablePath) =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    ],
  })

export class Reader {
  // `base`: where the pages are, without a slash at the end. `label`: names the pictures, kept in `shots` when that is a folder.
  async come(browser, tally, { base, scripts = true, label = "", shots = "" }) {
    Object.assign(this, { tally, base, label: label.replace(/\W+/g, "-"), shots, pictures: 0, complaints: [] })
    this.context = await browser.newContext({ javaScriptEnabled: scripts })
    this.context.on("request", (r) => {
      if (/^https?:/.test(r.url()) && !r.url().startsWith(`${base}/`)) this.complaints.push(`asked ${r.url()}`)
    })
    this.page = await this.tab()
    return this
  }
  async tab() {
    const page = await this.context.newPage()
    page.setDefaultTimeout(PATIENCE)
    page.on("console", (m) => m.type() === "error" && this.complaints.push(m.text()))
    page.on("pageerror", (e) => this.complaints.push(e.message))
    return page
  }
  async leave() {
    await this.context.close()
  }
  // A journey that names where it ended when it did not come to its end, and leaves in any case.
  async journey(walk) {
    try {
      await walk(this)
    } catch (e) {
      console.log(`    at ${this.page.url().replace(/\?.*/, "")}`)
      console.log("    page says: " + (await this.page.locator("body").innerText().catch(() => "")).replace(/\s+/g, " ").slice(0, 400))
      throw e
    } finally {
      await this.leave()
    }
  }
  async open(path) {
    await this.page.goto(this.base + path)
  }
  // Waits for the page with this heading, and looks at it.
  async at(heading) {
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor()
    const html = await this.page.content()
    const problems = []
    if ((html.match(/<h1/g) ?? []).length !== 1) problems.push("not one main heading")
    if (!/<html lang="en"/.test(html)) problems.push("no language")
    const fields = this.page.locator("input:not([type=hidden]):visible, select:visible")
    for (let i = 0; i < (await fields.count()); i++) {
      const id = await fields.nth(i).getAttribute("id")
      if (!(await this.page.locator(`label[for="${id}"]:visible`).count())) problems.push(`field ${id} has no label`)
    }
    if (this.shots) {
      const file = `${this.label}-${String(++this.pictures).padStart(2, "0")}.png`
      await this.page.screenshot({ path: `${this.shots}/${file}`, fullPage: true })
    }
    this.tally.eq([...problems, ...this.complaints.splice(0)], [], `"${heading}" is shown and in order`)
  }
  async fill(label, text) {
    await this.page.getByLabel(label).fill(text)
  }
  async press(name) {
    await this.page.getByRole("button", { name, exact: true }).click()
  }
  async follow(name) {
    await this.page.getByRole("link", { name, exact: true }).click()
  }
  async reads(text, what) {
    const found = await this.page.getByText(text).first().waitFor().then(() => true, () => false)
    this.tally.ok(found, what, found ? undefined : (await this.page.locator("main").innerText()).replace(/\s+/g, " ").slice(0, 300))
  }
  // Signs in by password on the page that is shown.
  async signInAs(identifier, password, label = "E-mail") {
    await this.at("Sign in")
    await this.fill(label, identifier)
    await this.fill("Password", password)
    await this.page.keyboard.press("Enter")
  }
  async isHomeAs(name) {
    await this.at("Welcome")
    await this.reads(name, `signed in as ${name}`)
  }
  async signOut() {
    await this.open("/ui/")
    await this.follow("Sign out")
    await this.reads("You are not signed in.", "signed out")
  }
  // From the page that asks for the address to the one that asks for the code.
  async asksForRecovery(email) {
    await this.at("Recover your account")
    await this.fill("E-mail", email)
    await this.press("Continue")
    await this.at("Enter your code")
  }
  // The same, and on to the settings by the code.
  async recovers(email) {
    await this.asksForRecovery(email)
    await this.fill("Recovery code", await this.code(email))
    await this.press("Continue")
    await this.at("Your account")
  }
  async changesPassword(password) {
    await this.page.getByTestId("ui/section/password").getByLabel("Password").fill(password)
    await this.page.keyboard.press("Enter")
    await this.reads("Your changes are saved.", "the new password is saved")
  }
  // On the settings page: sets an authenticator app up. Gives what the app has to know.
  async setsUpApp() {
    const secret = (await this.page.getByTestId("node/text/totp_secret_key/text").innerText()).trim()
    await this.fill("Code that the app shows", totp(secret))
    await this.page.keyboard.press("Enter")
    await this.reads("Your changes are saved.", "the app is set up")
    return secret
  }
  // The newest letter to somebody, in another tab with the page of the development mode that shows mail: what `look` finds there.
  async letter(to, look, inbox = `${this.base}/ui/inbox`) {
    const tab = await this.tab()
    await tab.goto(inbox)
    const letter = tab.locator("article", { hasText: to }).first()
    await letter.waitFor()
    const found = await look(letter)
    if (this.shots) await tab.screenshot({ path: `${this.shots}/${this.label}-inbox.png`, fullPage: true })
    await tab.close()
    return found
  }
  async code(to, inbox) {
    return (await this.letter(to, (letter) => letter.locator(".pin").first().innerText(), inbox)).trim()
  }
}
