/** What people say, and what tools call it; phrases of two words are read as one. */
export const EVERYDAY_WORDS = `
money back: refund
chargeback charge_back: dispute
out of_office holiday away: vacation responder
off time_off days_off: leave vacation
sick: leave
look_up: search lookup
put_up set_up: create schedule
hand pass assign: assign owner
ring dial phone_call: call voice
loud louder quiet quieter volume_up: volume
hot cold warm degrees celsius fahrenheit: temperature weather
rain umbrella snow sunny sun: weather forecast
storm hurricane flood tornado: severe weather alert
pollution smog pollen: air quality
hoover: vacuum clean
vacuum clean: cleaner
lamp bulb: light
heating thermostat heater: temperature climate
door: lock cover
blind blinds shutter curtain: cover
nearby near around close_by: place location
restaurant cafe pizza eat shop pharmacy: place
opening open_on closed_on: hours place
get_to get_from way: directions
drive driving walk walking far distance: directions distance
stay sleep room: hotel
airport airline: flight
late delay delayed: status delay
google bing: web search
scientific science scholar academic research: paper academic
headline headlines happened: news
owner_of owns: whois registered
know remember_about: memory search graph
remember memorize forget: memory observation entity
cart basket: checkout abandoned
shopper visitor: customer checkout
tweet toot instagram facebook twitter linkedin: social post
liked likes engagement: analytics post
draw paint sketch illustrate: generate image
bigger enlarge sharper: upscale resolution
smaller crop: resize
say speak aloud out_loud: speech voice
dictation dictate: transcribe
scan scanned handwriting: ocr document recognize
french german spanish italian chinese english japanese: translate language
shorter sum_up tldr gist: summarize
times plus minus divided percent multiply sum: calculate arithmetic
miles kilometers km pounds kilos inches feet: convert units measurement
dollars euros yen usd eur gbp: convert currency amount
average mean median: statistics
script code snippet program: run code
uuid guid: unique identifier
checksum digest sha256 md5: hash
time hours hour minutes_spent spent: worklog time
blocks depends duplicate_of related: link
in_progress status move_to: transition status
epic story: issue
backlog iteration: sprint
mr merge_request: merge request
pr pull_request: pull request
review: review request
readme: file contents
wrote wrote_this author who_wrote: blame
park shelve set_aside: stash
uncommitted staged unstaged: status changes
switch: checkout
broken failed red: failed failure
checks green: status checks
security hole vulnerability cve: vulnerabilities security
force_push: protect
on_call oncall shift duty: oncall schedule
page paging: incident
acknowledge ack looking_at: acknowledge
escalate urgent emergency: urgency incident escalate
root_cause stack_trace: issue details error
stack trace: details error
error_budget: slo objective
latency slow: performance
slow slowest longest: slow time explain
blocking blocked waiting: locks wait
healthy fine well: health status
back_up backup dump: backup snapshot
big size huge: size metadata
inside contains contents: contents read
rename: move rename
zip: compress archive
group_by per: aggregate
how_many number_of: count
eat consume consumption usage: consumption memory cpu top
roll_back go_back revert undo previous_version: undo rollback revision previous
copies scale instances: replicas scale
yaml manifest: apply yaml resources
shell bash terminal: exec command
chart: helm chart
clean_up free_up: prune unused
temporary temporarily: presigned temporary
overnight power_off shut: stop
spend spent bill_for: cost usage
firing: alarms state
queue: message queue
invoice bill charge: invoice
unpaid owe owes haven't_paid overdue: overdue invoices due
paid: paid payment
profit earn income revenue loss: profit loss sales
assets liabilities: balance sheet
how_much_money: balance
link_where checkout_link: payment link
happy satisfied complain: satisfaction ratings
combine join same: merge
internal private colleagues_only privately: private internal direct
fixed done: resolved
stock: inventory
shipped ship: fulfillment tracking
prospect trade_fair: lead
phoned called spoke: log call
negotiation stage: stage opportunity
filled filled_in: submissions form
one_time otp login_code: verification code
attended took_part attendees: participants
said: transcript history messages
color colors colour font spacing: variables styles
mockup design frame: design figma
logo icon svg: export image
jazz rock pop genre album artist: track music
song_is playing: playing track
next: next skip
login sign_in log_in: click form
dropdown: select option
newsletter automatically rule: filter
unread mark: labels modify
prepare draft: draft
free available availability busy: free busy available slots
slot slots: times free
attend decline_invite: respond invitation
no yes maybe: decline accept respond
thumbs reaction emoji like: reaction
announce announcement tell_everyone: post message
tell inform let_know: message comment reply
quiet notifications disturb focus: disturb snooze notifications
meeting_notes: page
deck: presentation
spreadsheet cell: spreadsheet range
jot note_down write_down: append note
boss reports_to hierarchy: org chart
interview talk: interview
hiring hire hired: job candidate posting
resume cv: candidate
contract nda: document envelope
signed signing: signed signature envelope
package parcel: track shipment
file_bug file_ticket file_complaint report_bug: create issue ticket
for_review: create pull merge request
local_repo working_copy: git
into_text to_text: transcribe text
in_folder downloads documents_folder: list directory
json txt csv md ini conf log_file: file text contents
this_link this_article the_link: fetch url
plus times divided: calculate expression
send_back return: return label
address postal street: address
tariff cheapest: rates price
impressions clicks ctr: campaign performance
postpone reschedule bring_forward push_back: update event
who_can can_see access_to: permissions access
give_access let_in: share add member
cached cache: key value
older_than younger over_age greater: filter query
crash crashed crashing: logs status
paid_for bill_customer: create invoice
days_left days_remaining: balance leave
free_space disk_full full: prune unused free
password forgot: secret credential
take_over cover_for substitute swap: override shift
over_it's_over ended: resolve close
asleep snooze later: snooze mute schedule
tomorrow_at next_week_at at_later: schedule
picture_of photo_of: image
group_chat: channel direct message
colleague coworker: user member
gone_wrong wrong broke crash: error logs
machine computer box_vm: instance server
folder_with files_in: list directory
attach attaching: attachment upload
unsubscribe opt_out: remove label
bought purchased sold selling sales: orders sales report
pick_up collect: schedule pickup
talk_about mentions: mentions search
subscriber follower fans: followers
transcript minutes: transcript recording
join_link invite_link: meeting link
listen hear: play speech
speaker device: device playback
heat cool: climate temperature
guest visitor_code: unlock code
route_to directions_to how_do_i_get: directions
weather_like outside: current weather conditions
trip journey vacation_trip: flights hotels
passport: visa entry requirements
headcount: employees
cancel call_off: delete
subpage subpages: child pages children
deploy deployed deploying: deployment environment
own owe: balance assets
docker: container image
text_+: sms
graph curve: plot function
field textbox: element
link_this: url
terrible broken_down: error
upgrade downgrade bigger_plan smaller_plan: update subscription plan
flush evict: delete key
stuck hanging hung: session locks kill
turn_on power_on switch_on: start on
turn_off power_off switch_off: stop off
lately recently latest: recent events history
cause why reason: analysis details logs
assigned_to who_is: assignee details
folder_structure structure: tree
tarball tar gz: archive
at_once several multiple: multiple many batch
differs differ difference: diff
old_documents outdated: delete
top_of keep: pin
mailbox: email labels
spam junk: email delete labels
dentist doctor haircut birthday: event calendar
roadmap handbook: page
sub_task subtask: issue
mp4 gif mp3 wav mov webm: convert media format
square portrait: crop resize
python javascript js: code run evaluate
react html css: code generate
ad adverts: campaign
job_ad job_advert: job posting
claim claim_back: expense reimbursement
withdraw take_back: void cancel
withdraw retract: void
gather collect: pickup
sharper blurry: upscale resolution
language_is which_language: detect language
pages_from pages_to: split pages
mail: email
mailing subscribers: marketing email list
open_source: repositories
plug socket outlet: light
window: sensor cover state
webcam: camera snapshot
away_from far: distance
clean_air: air quality
rent: rental
cheap_flight: flight offer
weekend: forecast
documentation docs_site: site documentation
forget: delete
ios android: mobile
project_channel the_channel: channel
mongo mongodb: collection mongodb
point_the point_to: dns record change
only_colleagues for_colleagues: private internal note
on_disk to_disk: file write
save_this save_text: write file
on_holiday: vacation responder leave
half_past o'clock: event update
google_for: web search
text_that text_me: sms phone
haven't_committed not_committed: status unstaged
friday monday tuesday wednesday thursday saturday sunday: event calendar schedule
standup sync one_on_one: event meeting
as_page a_page: create page
vacancy: job posting
raise bonus: payroll salary
health_insurance insurance: benefits plan
remind nudge: reminder
letterhead pdf_to: document export pdf
dead_link web_address: url
cookie popup dialog: dialog
logged errors_in: logs errors
request_log traffic: network requests
math maths: calculate solve
dice lottery coin: random
website_owner: whois
ip ip_address: dns resolve
stars favourite bookmark: star
tag_version: tag release
merge_conflict: diff status
pipeline_failed build_failed: jobs failed retry log
speed_up faster: performance indexes explain
deadlock: locks
number_of_users: count
nightly_backup: backup snapshot
grows traffic_spike: scale replicas
maintenance: drain downtime
healthcheck up down: status health
regression new_errors: issues releases
pricing price_list: price product
installment monthly yearly: subscription recurring price
back_to_customer: refund
dispute evidence: dispute
tax vat: report balance
supplier_bill vendor_bill: bill vendor
quote quotation offer: estimate
customer_record: account contact
lead_into prospect_into: lead create convert
drip nurture: sequence
faq knowledge_base: help center article
canned template_answer: macro
size colour_variant: variant product
`
