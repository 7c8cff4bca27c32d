#include "storage/job_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/status_macros.h"
#include "storage/keys.h"
#include "storage/page_token.h"

namespace quantd::storage {
namespace {

constexpr int64_t kTokensReserved = 100;
constexpr size_t kMaxRequestIdBytes = 64;

absl::Status Corrupt(absl::string_view row) {
  return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
               absl::StrCat("row ", row,
                            " of the database does not parse: "
                            "restore the store from a backup"),
               {{"name", std::string(row)}});
}

absl::Status NotFound(absl::string_view id) {
  return Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND",
               absl::StrCat("there is no job \"", id, "\""),
               {{"name", std::string(id)}});
}

absl::Status CheckJobId(absl::string_view id) {
  bool ok = id.size() >= 4 && id.size() <= 63 && absl::ascii_islower(id[0]);
  for (const char c : id) {
    ok = ok && (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-');
  }
  return ok ? absl::OkStatus() : NotFound(id.substr(0, 63));
}

absl::Status CheckRequestId(absl::string_view id) {
  bool ok = id.size() <= kMaxRequestIdBytes;
  for (const char c : id) ok = ok && absl::ascii_isgraph(c);
  if (ok) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               "request_id must be at most 64 printable ASCII characters",
               {{"option", "request_id"}, {"allowed", "a UUID"}});
}

// An index entry's value: the state, then the id.
std::string OrderValue(const v1::Job& job) {
  return absl::StrCat(std::string(1, static_cast<char>(job.state())), job.id());
}

void PutRow(const JobRow& row, WriteBatch* batch) {
  batch->Put(Table::kJobs, JobKey(row.job().id()), row.SerializeAsString());
  batch->Put(Table::kJobs, OrderKey(row.create_sequence()),
             OrderValue(row.job()));
}

// Numbers the events after the job's last one.
void PutEvents(std::vector<v1::JobEvent> events, JobRow* row,
               WriteBatch* batch) {
  for (v1::JobEvent& event : events) {
    const int64_t sequence = row->job().last_sequence() + 1;
    event.set_sequence(sequence);
    row->mutable_job()->set_last_sequence(sequence);
    batch->Put(Table::kEvents, NumberedKey(row->job().id(), sequence),
               event.SerializeAsString());
  }
}

void PutRecords(const std::string& id,
                const std::vector<v1::LayerRecord>& records,
                WriteBatch* batch) {
  batch->DeletePrefix(Table::kRecords, JobPrefix(id));
  int64_t position = 0;
  for (const v1::LayerRecord& record : records) {
    batch->Put(Table::kRecords, NumberedKey(id, position++),
               record.SerializeAsString());
  }
}

// What `mutate` must leave alone.
void KeepIdentity(const JobRow& stored, JobRow* row) {
  row->mutable_job()->set_id(stored.job().id());
  row->mutable_job()->set_last_sequence(stored.job().last_sequence());
  row->set_create_sequence(stored.create_sequence());
  row->set_request_id(stored.request_id());
}

std::string Binding(const std::vector<v1::JobState>& state_filter) {
  std::string binding = "jobs";
  for (const int state :
       std::set<int>(state_filter.begin(), state_filter.end())) {
    absl::StrAppend(&binding, ",", state);
  }
  return binding;
}

absl::Status CheckToken(const JobRow& row, int64_t expected) {
  if (expected == JobStore::kAnyToken || row.lease_token() == expected) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kAborted, "STALE_ATTEMPT",
               absl::StrCat("job \"", row.job().id(),
                            "\" belongs to another attempt than that of token ",
                            expected),
               {{"name", row.job().id()}, {"token", absl::StrCat(expected)}});
}

}  // namespace

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::StatusOr<std::unique_ptr<JobStore>> JobStore::Open(Database* database) {
  auto store = absl::WrapUnique(new JobStore(database));
  RETURN_IF_ERROR(store->LoadCounters());
  return store;
}

absl::Status JobStore::LoadCounters() {
  const auto load = [this](const char* key) -> absl::StatusOr<int64_t> {
    const auto value = database_->Get(Table::kMeta, key);
    if (absl::IsNotFound(value.status())) return 0;
    RETURN_IF_ERROR(value.status());
    if (value->size() != 8) return Corrupt(absl::StrCat("meta/", key));
    return static_cast<int64_t>(DecodeNumber(*value));
  };
  ASSIGN_OR_RETURN(int64_t last_created, load(kCreateSequenceKey));
  ASSIGN_OR_RETURN(const int64_t token_limit, load(kTokenLimitKey));
  // Concurrent creations may have written the counter out of order.
  RETURN_IF_ERROR(database_->Scan(
      Table::kJobs, kOrderPrefix, "",
      [&last_created](absl::string_view key, absl::string_view) {
        last_created = std::max(last_created, OrderKeySequence(key));
        return false;
      }));
  absl::MutexLock lock(&mutex_);
  next_create_sequence_ = last_created + 1;
  token_limit_ = std::max<int64_t>(token_limit, 1);
  next_token_ = token_limit_;
  return absl::OkStatus();
}

int64_t JobStore::NextCreateSequence() {
  absl::MutexLock lock(&mutex_);
  return next_create_sequence_++;
}

absl::StatusOr<JobRow> JobStore::FindByRequest(
    const std::string& request_id, const std::string& spec_digest) const {
  ASSIGN_OR_RETURN(const std::string value,
                   database_->Get(Table::kRequests, request_id));
  RequestRow request;
  if (!request.ParseFromString(value)) {
    return Corrupt(absl::StrCat("requests/", request_id));
  }
  if (request.spec_digest() != spec_digest) {
    return Error(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                 absl::StrCat("request_id ", request_id,
                              " was used for another request: use a new one"),
                 {{"requestId", request_id}});
  }
  return Get(request.job_id());
}

absl::StatusOr<JobStore::CreateResult> JobStore::Create(
    const v1::Job& job, const std::string& request_id,
    const std::string& spec_digest, std::vector<v1::JobEvent> events) {
  RETURN_IF_ERROR(CheckJobId(job.id()));
  RETURN_IF_ERROR(CheckRequestId(request_id));
  absl::MutexLock job_lock(job_locks_.For(job.id()));
  absl::MutexLockMaybe request_lock(
      request_id.empty() ? nullptr : request_locks_.For(request_id));
  if (!request_id.empty()) {
    auto found = FindByRequest(request_id, spec_digest);
    if (found.ok()) return CreateResult{*std::move(found), false};
    if (!absl::IsNotFound(found.status())) return found.status();
  }
  if (Get(job.id()).ok()) {
    return Error(absl::StatusCode::kAlreadyExists, "RESOURCE_EXISTS",
                 absl::StrCat("there is already a job \"", job.id(), "\""),
                 {{"name", job.id()}});
  }
  CreateResult result;
  result.created = true;
  JobRow& row = result.row;
  *row.mutable_job() = job;
  row.mutable_job()->set_last_sequence(0);
  row.set_request_id(request_id);
  row.set_spec_digest(spec_digest);
  row.set_create_sequence(NextCreateSequence());
  WriteBatch batch;
  PutEvents(std::move(events), &row, &batch);
  PutRow(row, &batch);
  batch.Put(Table::kMeta, kCreateSequenceKey,
            EncodeNumber(row.create_sequence()));
  if (!request_id.empty()) {
    RequestRow request;
    request.set_job_id(job.id());
    request.set_spec_digest(spec_digest);
    *request.mutable_create_time() = job.create_time();
    batch.Put(Table::kRequests, request_id, request.SerializeAsString());
  }
  QUANTD_FAILPOINT("storage/create_before_write");
  RETURN_IF_ERROR(database_->Write(batch));
  QUANTD_FAILPOINT("storage/create_after_write");
  return result;
}

absl::StatusOr<JobRow> JobStore::Get(const std::string& id) const {
  RETURN_IF_ERROR(CheckJobId(id));
  const auto value = database_->Get(Table::kJobs, JobKey(id));
  if (absl::IsNotFound(value.status())) return NotFound(id);
  RETURN_IF_ERROR(value.status());
  JobRow row;
  if (!row.ParseFromString(*value)) return Corrupt(absl::StrCat("jobs/", id));
  return row;
}

absl::StatusOr<JobStore::Page> JobStore::List(
    const ListOptions& options) const {
  ASSIGN_OR_RETURN(const int64_t page_size,
                   EffectivePageSize(options.page_size));
  const std::string binding = Binding(options.state_filter);
  std::string start;  // The key of the last job of the page before.
  if (!options.page_token.empty()) {
    ASSIGN_OR_RETURN(start, ParsePageToken(database_->token_key(), binding,
                                           options.page_token));
  }
  const std::set<int> wanted(options.state_filter.begin(),
                             options.state_filter.end());
  std::vector<std::pair<std::string, std::string>> hits;  // Key, id.
  RETURN_IF_ERROR(
      database_->Scan(Table::kJobs, kOrderPrefix, start,
                      [&](absl::string_view key, absl::string_view value) {
                        if (key == start || value.empty()) return true;
                        if (!wanted.empty() && wanted.count(value[0]) == 0)
                          return true;
                        hits.emplace_back(key, value.substr(1));
                        return static_cast<int64_t>(hits.size()) <= page_size;
                      }));
  Page page;
  if (static_cast<int64_t>(hits.size()) > page_size) {
    hits.resize(page_size);
    page.next_page_token =
        MakePageToken(database_->token_key(), binding, hits.back().first);
  }
  for (const auto& [key, id] : hits) {
    auto row = Get(id);
    if (absl::IsNotFound(row.status())) continue;  // Deleted meanwhile.
    RETURN_IF_ERROR(row.status());
    page.jobs.push_back(std::move(*row->mutable_job()));
  }
  return page;
}

absl::StatusOr<JobRow> JobStore::UpdateIf(
    const std::string& id, int64_t expected_token,
    const std::function<absl::Status(JobChange*)>& mutate) {
  absl::MutexLock lock(job_locks_.For(id));
  ASSIGN_OR_RETURN(const JobRow stored, Get(id));
  RETURN_IF_ERROR(CheckToken(stored, expected_token));
  JobChange change;
  change.row = stored;
  RETURN_IF_ERROR(mutate(&change));
  KeepIdentity(stored, &change.row);
  WriteBatch batch;
  PutEvents(std::move(change.events), &change.row, &batch);
  if (change.records.has_value()) PutRecords(id, *change.records, &batch);
  PutRow(change.row, &batch);
  QUANTD_FAILPOINT("storage/update_before_write");
  RETURN_IF_ERROR(database_->Write(batch, change.sync));
  QUANTD_FAILPOINT("storage/update_after_write");
  return std::move(change.row);
}

absl::Status JobStore::Delete(const std::string& id) {
  absl::MutexLock lock(job_locks_.For(id));
  ASSIGN_OR_RETURN(const JobRow row, Get(id));
  absl::MutexLock request_lock(request_locks_.For(row.request_id()));
  WriteBatch batch;
  if (!row.request_id().empty()) {
    const auto found = FindByRequest(row.request_id(), row.spec_digest());
    if (found.ok() && found->job().id() == id) {
      batch.Delete(Table::kRequests, row.request_id());
    }
  }
  batch.Delete(Table::kJobs, JobKey(id));
  batch.Delete(Table::kJobs, OrderKey(row.create_sequence()));
  batch.DeletePrefix(Table::kEvents, JobPrefix(id));
  batch.DeletePrefix(Table::kRecords, JobPrefix(id));
  QUANTD_FAILPOINT("storage/delete_before_write");
  return database_->Write(batch);
}

absl::StatusOr<std::vector<JobRow>> JobStore::LoadActive() const {
  std::vector<std::string> ids;  // Newest first.
  RETURN_IF_ERROR(
      database_->Scan(Table::kJobs, kOrderPrefix, "",
                      [&ids](absl::string_view, absl::string_view value) {
                        if (!value.empty() &&
                            !IsTerminal(static_cast<v1::JobState>(value[0]))) {
                          ids.emplace_back(value.substr(1));
                        }
                        return true;
                      }));
  std::vector<JobRow> rows;
  rows.reserve(ids.size());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    auto row = Get(*id);
    if (absl::IsNotFound(row.status())) continue;
    RETURN_IF_ERROR(row.status());
    rows.push_back(*std::move(row));
  }
  return rows;
}

absl::StatusOr<int64_t> JobStore::NextToken() {
  absl::MutexLock lock(&mutex_);
  if (next_token_ >= token_limit_) {
    // Reserved in blocks: one sync for many leases. A restart skips the rest.
    WriteBatch batch;
    batch.Put(Table::kMeta, kTokenLimitKey,
              EncodeNumber(next_token_ + kTokensReserved));
    RETURN_IF_ERROR(database_->Write(batch));
    token_limit_ = next_token_ + kTokensReserved;
  }
  return next_token_++;
}

absl::StatusOr<std::vector<v1::JobEvent>> JobStore::ReadEvents(
    const std::string& id, int64_t after_sequence, int64_t max_events) const {
  RETURN_IF_ERROR(Get(id).status());
  std::vector<v1::JobEvent> events;
  if (max_events <= 0) return events;
  bool parsed = true;
  const int64_t first = std::max<int64_t>(after_sequence, 0) + 1;
  RETURN_IF_ERROR(database_->Scan(
      Table::kEvents, JobPrefix(id), NumberedKey(id, first),
      [&](absl::string_view, absl::string_view value) {
        events.emplace_back();
        parsed = events.back().ParseFromArray(value.data(),
                                              static_cast<int>(value.size()));
        return parsed && static_cast<int64_t>(events.size()) < max_events;
      }));
  if (!parsed) return Corrupt(absl::StrCat("events/", id));
  return events;
}

absl::StatusOr<std::vector<v1::LayerRecord>> JobStore::ListRecords(
    const std::string& id) const {
  RETURN_IF_ERROR(Get(id).status());
  std::vector<v1::LayerRecord> records;
  bool parsed = true;
  RETURN_IF_ERROR(
      database_->Scan(Table::kRecords, JobPrefix(id), "",
                      [&](absl::string_view, absl::string_view value) {
                        records.emplace_back();
                        parsed = records.back().ParseFromArray(
                            value.data(), static_cast<int>(value.size()));
                        return parsed;
                      }));
  if (!parsed) return Corrupt(absl::StrCat("records/", id));
  return records;
}

absl::StatusOr<int64_t> JobStore::CollectRequests(absl::Time before) {
  std::vector<std::string> old;
  RETURN_IF_ERROR(database_->Scan(
      Table::kRequests, "", "",
      [&](absl::string_view key, absl::string_view value) {
        RequestRow row;
        if (row.ParseFromArray(value.data(), static_cast<int>(value.size())) &&
            absl::FromUnixSeconds(row.create_time().seconds()) < before) {
          old.emplace_back(key);
        }
        return true;
      }));
  for (const std::string& request_id : old) {
    absl::MutexLock lock(request_locks_.For(request_id));
    WriteBatch batch;
    batch.Delete(Table::kRequests, request_id);
    RETURN_IF_ERROR(database_->Write(batch, /*sync=*/false));
  }
  return static_cast<int64_t>(old.size());
}

}  // namespace quantd::storage
