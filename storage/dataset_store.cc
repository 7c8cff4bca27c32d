#include "storage/dataset_store.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/status_macros.h"
#include "storage/lmdb_writer.h"
#include "storage/page_token.h"

namespace quantd::storage {
namespace {

constexpr absl::string_view kIdPrefix = "ds-";
constexpr size_t kIdDigits = 40;
constexpr size_t kMaxKeyBytes = 511;
constexpr size_t kMaxDisplayNameBytes = 255;
constexpr char kBinding[] = "datasets";

absl::Status OutOfRange(absl::string_view field, absl::string_view allowed) {
  return Error(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat(field, " must be ", allowed),
      {{"option", std::string(field)}, {"allowed", std::string(allowed)}});
}

// What passes is safe as a file name.
absl::Status CheckId(absl::string_view id) {
  bool ok = id.size() == kIdPrefix.size() + kIdDigits &&
            absl::StartsWith(id, kIdPrefix);
  for (const char c : ok ? id.substr(kIdPrefix.size()) : "") {
    ok = ok && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }
  if (ok) return absl::OkStatus();
  return OutOfRange("dataset id",
                    "\"ds-\" and the first 40 hexadecimal digits of its "
                    "SHA-256");
}

absl::Status NotFound(absl::string_view id) {
  return Error(absl::StatusCode::kNotFound, "DATASET_NOT_FOUND",
               absl::StrCat("there is no data set \"", id, "\": upload it"),
               {{"name", std::string(id)}});
}

absl::Status Quota(absl::string_view quota, int64_t limit, int64_t used) {
  return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
               absl::StrCat(quota, ": ", used, " asked for, limit ", limit),
               {{"quota", std::string(quota)},
                {"limit", absl::StrCat(limit)},
                {"used", absl::StrCat(used)}});
}

std::string LittleEndian(uint64_t number, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i) {
    bytes += static_cast<char>((number >> (8 * i)) & 0xff);
  }
  return bytes;
}

void SetTime(absl::Time time, google::protobuf::Timestamp* stamp) {
  const int64_t nanoseconds = absl::ToUnixNanos(time);
  stamp->set_seconds(nanoseconds / 1'000'000'000);
  stamp->set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
}

}  // namespace

// --- DatasetWriter ---

DatasetWriter::DatasetWriter(DatasetStore* store) : store_(store) {}

DatasetWriter::~DatasetWriter() {
  lmdb_ = nullptr;
  if (claimed_) store_->Release(dataset_.id());
}

void DatasetWriter::Count(absl::string_view key, absl::string_view value) {
  hash_.Update(LittleEndian(key.size(), 4));
  hash_.Update(key);
  hash_.Update(LittleEndian(value.size(), 8));
  hash_.Update(value);
  last_key_ = std::string(key);
  dataset_.set_num_records(dataset_.num_records() + 1);
  dataset_.set_size_bytes(dataset_.size_bytes() +
                          static_cast<int64_t>(value.size()));
}

// Makes the directory, opens the LMDB and reads what is there.
absl::Status DatasetWriter::Resume() {
  const auto& options = store_->options_;
  const std::string directory = store_->Directory(dataset_.id());
  RETURN_IF_ERROR(options.files->MakeDirectory(directory));
  ASSIGN_OR_RETURN(lmdb_,
                   LmdbWriter::Open(directory, options.initial_map_bytes));
  RETURN_IF_ERROR(options.files->SyncDirectory(directory));
  RETURN_IF_ERROR(options.files->SyncDirectory(DirectoryOf(directory)));
  dataset_.set_num_records(0);
  dataset_.set_size_bytes(0);
  return lmdb_->ForEach([this](absl::string_view key, absl::string_view value) {
    Count(key, value);
  });
}

absl::Status DatasetWriter::CheckRecords(const Records& records) const {
  absl::string_view last = last_key_;
  int64_t total = dataset_.size_bytes();
  int64_t index = dataset_.num_records();
  for (const v1::DatasetRecord& record : records) {
    if (record.key().empty() || record.key().size() > kMaxKeyBytes) {
      return OutOfRange(absl::StrCat("key of record ", index), "1..511 bytes");
    }
    if (index > 0 && record.key() <= last) {
      return Error(
          absl::StatusCode::kInvalidArgument, "DATASET_KEY_ORDER",
          absl::StrCat("the key of record ", index,
                       " is not greater than the one before"),
          {{"dataset", dataset_.id()}, {"index", absl::StrCat(index)}});
    }
    const auto size = static_cast<int64_t>(record.value().size());
    if (size > store_->options_.max_record_bytes) {
      return Quota("record_bytes", store_->options_.max_record_bytes, size);
    }
    total += size;
    last = record.key();
    ++index;
  }
  if (total > store_->options_.max_dataset_bytes) {
    return Quota("dataset_bytes", store_->options_.max_dataset_bytes, total);
  }
  return absl::OkStatus();
}

absl::Status DatasetWriter::Append(int64_t first_index,
                                   const Records& records) {
  if (complete()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckOpen());
  if (first_index != num_records()) {
    return Error(absl::StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE",
                 absl::StrCat("first_index is ", first_index, ", data set ",
                              dataset_.id(), " has ", num_records(),
                              " records: go on there"),
                 {{"offset", absl::StrCat(first_index)},
                  {"size", absl::StrCat(num_records())}});
  }
  if (records.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckRecords(records));
  std::vector<LmdbWriter::KeyValue> views;
  for (const v1::DatasetRecord& record : records) {
    views.emplace_back(record.key(), record.value());
  }
  QUANTD_FAILPOINT("storage/dataset_before_commit");
  RETURN_IF_ERROR(lmdb_->Append(views));
  for (const auto& [key, value] : views) Count(key, value);
  QUANTD_FAILPOINT("storage/dataset_after_commit");
  // Only for Get(): the LMDB is what counts.
  store_->PutRow(dataset_, /*sync=*/false).IgnoreError();
  return absl::OkStatus();
}

absl::Status DatasetWriter::CheckOpen() const {
  if (lmdb_ != nullptr) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "DIGEST_MISMATCH",
               absl::StrCat("data set ", dataset_.id(),
                            " was dropped: its records do not have the digest "
                            "it is named after"),
               {{"expected", dataset_.id()}});
}

absl::StatusOr<v1::Dataset> DatasetWriter::Finish(const std::string& sha256) {
  if (complete()) return dataset_;
  RETURN_IF_ERROR(CheckOpen());
  if (num_records() == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
                 absl::StrCat("data set ", dataset_.id(),
                              " has no records: append some first"),
                 {{"dataset", dataset_.id()}});
  }
  const std::string actual = hash_.Hex();
  ASSIGN_OR_RETURN(const std::string id, DatasetStore::IdForDigest(actual));
  if (actual != sha256 || id != dataset_.id()) {
    lmdb_ = nullptr;
    store_->RemoveAll(dataset_.id()).IgnoreError();
    return Error(absl::StatusCode::kInvalidArgument, "DIGEST_MISMATCH",
                 absl::StrCat("data set ", dataset_.id(), " with SHA-256 ",
                              sha256, ": its ", num_records(), " records have ",
                              actual, "; correct the digest or the records"),
                 {{"expected", sha256},
                  {"actual", actual},
                  {"size", absl::StrCat(num_records())}});
  }
  v1::Dataset finished = dataset_;
  finished.set_sha256(actual);
  finished.set_complete(true);
  QUANTD_FAILPOINT("storage/dataset_before_complete");
  RETURN_IF_ERROR(store_->PutRow(finished, /*sync=*/true));
  QUANTD_FAILPOINT("storage/dataset_after_complete");
  lmdb_ = nullptr;
  dataset_ = std::move(finished);
  return dataset_;
}

// --- DatasetStore ---

absl::StatusOr<std::unique_ptr<DatasetStore>> DatasetStore::Open(
    Options options, Database* database) {
  auto store = absl::WrapUnique(new DatasetStore(std::move(options), database));
  const auto& made = store->options_;
  RETURN_IF_ERROR(made.files->MakeDirectory(made.data_dir + "/datasets"));
  RETURN_IF_ERROR(made.files->SyncDirectory(made.data_dir));
  return store;
}

absl::StatusOr<std::string> DatasetStore::IdForDigest(
    absl::string_view sha256) {
  if (!IsSha256Hex(sha256)) {
    return OutOfRange("sha256", "64 lower-case hexadecimal digits");
  }
  return absl::StrCat(kIdPrefix, sha256.substr(0, kIdDigits));
}

std::string DatasetStore::Directory(absl::string_view id) const {
  return absl::StrCat(options_.data_dir, "/datasets/", id);
}

absl::Status DatasetStore::Claim(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  if (open_.insert(id).second) return absl::OkStatus();
  return Error(
      absl::StatusCode::kAborted, "UPLOAD_BUSY",
      absl::StrCat("another call writes data set ", id, ": wait for its end"),
      {{"name", id}});
}

void DatasetStore::Release(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  open_.erase(id);
}

absl::Status DatasetStore::PutRow(const v1::Dataset& dataset, bool sync) {
  WriteBatch batch;
  batch.Put(Table::kDatasets, dataset.id(), dataset.SerializeAsString());
  return database_->Write(batch, sync);
}

absl::StatusOr<v1::Dataset> DatasetStore::Get(const std::string& id) {
  RETURN_IF_ERROR(CheckId(id));
  const auto value = database_->Get(Table::kDatasets, id);
  if (absl::IsNotFound(value.status())) return NotFound(id);
  RETURN_IF_ERROR(value.status());
  v1::Dataset dataset;
  if (dataset.ParseFromString(*value)) return dataset;
  return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
               absl::StrCat("row datasets/", id,
                            " of the database does not parse: restore the "
                            "store from a backup"),
               {{"name", id}});
}

absl::StatusOr<std::unique_ptr<DatasetWriter>> DatasetStore::OpenWriter(
    const std::string& id, const std::string& display_name) {
  RETURN_IF_ERROR(CheckId(id));
  RETURN_IF_ERROR(Claim(id));
  auto writer = absl::WrapUnique(new DatasetWriter(this));
  writer->dataset_.set_id(id);
  writer->claimed_ = true;
  auto stored = Get(id);
  if (stored.ok()) {
    writer->dataset_ = *std::move(stored);
    if (!writer->complete()) RETURN_IF_ERROR(writer->Resume());
    return writer;
  }
  if (!absl::IsNotFound(stored.status())) return stored.status();
  writer->dataset_.set_display_name(
      display_name.substr(0, kMaxDisplayNameBytes));
  SetTime(options_.clock->Now(), writer->dataset_.mutable_create_time());
  QUANTD_FAILPOINT("storage/dataset_before_create");
  // The row first: what has a directory has a row, and can be collected.
  RETURN_IF_ERROR(PutRow(writer->dataset_, /*sync=*/true));
  RETURN_IF_ERROR(writer->Resume());
  return writer;
}

absl::StatusOr<DatasetStore::Page> DatasetStore::List(
    int page_size, const std::string& page_token) {
  ASSIGN_OR_RETURN(const int64_t count, EffectivePageSize(page_size));
  std::string start;
  if (!page_token.empty()) {
    ASSIGN_OR_RETURN(
        start, ParsePageToken(database_->token_key(), kBinding, page_token));
  }
  Page page;
  bool more = false;
  RETURN_IF_ERROR(database_->Scan(
      Table::kDatasets, "", start,
      [&](absl::string_view key, absl::string_view value) {
        v1::Dataset dataset;
        if (key == start ||
            !dataset.ParseFromArray(value.data(),
                                    static_cast<int>(value.size())) ||
            !dataset.complete()) {
          return true;
        }
        more = static_cast<int64_t>(page.datasets.size()) == count;
        if (!more) page.datasets.push_back(std::move(dataset));
        return !more;
      }));
  if (more) {
    page.next_page_token = MakePageToken(database_->token_key(), kBinding,
                                         page.datasets.back().id());
  }
  return page;
}

absl::StatusOr<std::string> DatasetStore::Path(const std::string& id) {
  ASSIGN_OR_RETURN(const v1::Dataset dataset, Get(id));
  if (!dataset.complete()) return NotFound(id);
  return Directory(id);
}

// Files first: a crash in between leaves an open data set, which is collected.
absl::Status DatasetStore::RemoveAll(const std::string& id) {
  auto dataset = Get(id);
  if (dataset.ok() && dataset->complete()) {
    dataset->set_complete(false);
    RETURN_IF_ERROR(PutRow(*dataset, /*sync=*/true));
  }
  const std::string directory = Directory(id);
  const auto names = options_.files->List(directory);
  if (names.ok()) {
    for (const std::string& name : *names) {
      RETURN_IF_ERROR(
          options_.files->Remove(absl::StrCat(directory, "/", name)));
    }
    QUANTD_FAILPOINT("storage/dataset_before_remove");
    RETURN_IF_ERROR(options_.files->RemoveDirectory(directory));
  }
  WriteBatch batch;
  batch.Delete(Table::kDatasets, id);
  return database_->Write(batch);
}

absl::Status DatasetStore::Delete(const std::string& id) {
  RETURN_IF_ERROR(Get(id).status());
  RETURN_IF_ERROR(Claim(id));
  const absl::Status status = RemoveAll(id);
  Release(id);
  return status;
}

absl::StatusOr<int64_t> DatasetStore::CollectOpen(absl::Time before) {
  std::vector<std::string> ids;
  RETURN_IF_ERROR(
      database_->Scan(Table::kDatasets, "", "",
                      [&ids](absl::string_view key, absl::string_view value) {
                        v1::Dataset dataset;
                        if (dataset.ParseFromArray(
                                value.data(), static_cast<int>(value.size())) &&
                            !dataset.complete()) {
                          ids.emplace_back(key);
                        }
                        return true;
                      }));
  int64_t collected = 0;
  for (const std::string& id : ids) {
    const auto modified =
        options_.files->ModifiedTime(Directory(id) + "/data.mdb");
    if (modified.ok() && *modified >= before) continue;
    if (!Claim(id).ok()) continue;  // Being written.
    const auto dataset = Get(id);
    const bool still_open = dataset.ok() && !dataset->complete();
    const absl::Status status = still_open ? RemoveAll(id) : absl::OkStatus();
    Release(id);
    RETURN_IF_ERROR(status);
    if (still_open) ++collected;
  }
  return collected;
}

}  // namespace quantd::storage
