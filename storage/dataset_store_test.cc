#include "storage/dataset_store.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/testing/status_matchers.h"
#include "lmdb.h"
#include "storage/testing/temp_store.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::TempStore;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Records = DatasetWriter::Records;

Records MakeRecords(int first, int count, size_t value_bytes = 100) {
  Records records;
  for (int i = first; i < first + count; ++i) {
    v1::DatasetRecord* record = records.Add();
    record->set_key(absl::StrFormat("%08d", i));
    record->set_value(
        std::string(value_bytes, static_cast<char>('a' + i % 26)));
  }
  return records;
}

// The definition in proto/quantd/v1/dataset_service.proto, spelled out.
std::string DigestOf(const Records& records) {
  std::string all;
  for (const v1::DatasetRecord& record : records) {
    for (int i = 0; i < 4; ++i) {
      all += static_cast<char>(record.key().size() >> (8 * i));
    }
    all += record.key();
    for (int i = 0; i < 8; ++i) {
      all += static_cast<char>(record.value().size() >> (8 * i));
    }
    all += record.value();
  }
  return Sha256Hex(all);
}

// Reads as a worker does.
std::vector<std::pair<std::string, std::string>> ReadLmdb(
    const std::string& directory) {
  std::vector<std::pair<std::string, std::string>> records;
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  MDB_cursor* cursor = nullptr;
  mdb_env_create(&env);
  EXPECT_EQ(mdb_env_open(env, directory.c_str(), MDB_RDONLY | MDB_NOLOCK, 0),
            0);
  EXPECT_EQ(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn), 0);
  EXPECT_EQ(mdb_dbi_open(txn, nullptr, 0, &dbi), 0);
  EXPECT_EQ(mdb_cursor_open(txn, dbi, &cursor), 0);
  MDB_val key;
  MDB_val value;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    records.emplace_back(
        std::string(static_cast<char*>(key.mv_data), key.mv_size),
        std::string(static_cast<char*>(value.mv_data), value.mv_size));
  }
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return records;
}

class DatasetStoreTest : public ::testing::Test {
 protected:
  ~DatasetStoreTest() override { ClearFailpoints(); }

  static std::string IdOf(const Records& records) {
    return DatasetStore::IdForDigest(DigestOf(records)).value();
  }
  absl::StatusOr<v1::Dataset> Upload(const Records& records) {
    auto writer = store_->datasets()->OpenWriter(IdOf(records), "train");
    if (!writer.ok()) return writer.status();
    RETURN_IF_ERROR((*writer)->Append(0, records));
    return (*writer)->Finish(DigestOf(records));
  }

  TempStore store_;
};

TEST_F(DatasetStoreTest, FinishedDatasetIsAnLmdbForWorkers) {
  const Records records = MakeRecords(0, 50);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset, Upload(records));
  EXPECT_EQ(dataset.id(), IdOf(records));
  EXPECT_EQ(dataset.display_name(), "train");
  EXPECT_EQ(dataset.num_records(), 50);
  EXPECT_EQ(dataset.size_bytes(), 5000);
  EXPECT_EQ(dataset.create_time().seconds(), 1'700'000'000);
  EXPECT_TRUE(dataset.complete());
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(const v1::Dataset stored,
                       store_->datasets()->Get(dataset.id()));
  EXPECT_EQ(stored.SerializeAsString(), dataset.SerializeAsString());
  ASSERT_OK_AND_ASSIGN(const std::string path,
                       store_->datasets()->Path(dataset.id()));
  const auto read = ReadLmdb(path);
  ASSERT_THAT(read, SizeIs(50));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(read[i].first, records[i].key());
    EXPECT_EQ(read[i].second, records[i].value());
  }
}

TEST_F(DatasetStoreTest, UploadResumesAfterARestart) {
  const Records all = MakeRecords(0, 30);
  const std::string id = IdOf(all);
  {
    ASSERT_OK_AND_ASSIGN(const auto writer,
                         store_->datasets()->OpenWriter(id, "train"));
    ASSERT_OK(writer->Append(0, MakeRecords(0, 10)));
    ASSERT_OK(writer->Append(10, MakeRecords(10, 10)));
    ASSERT_OK_AND_ASSIGN(const auto open, store_->datasets()->Get(id));
    EXPECT_EQ(open.num_records(), 20);
    EXPECT_FALSE(open.complete());
  }
  store_.Reopen();
  EXPECT_THAT(store_->datasets()->Path(id), HasReason("DATASET_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       store_->datasets()->OpenWriter(id, "other name"));
  EXPECT_EQ(writer->num_records(), 20);
  EXPECT_THAT(writer->Append(19, MakeRecords(19, 1)),
              HasReason("OFFSET_OUT_OF_RANGE"));
  ASSERT_OK(writer->Append(20, MakeRecords(20, 10)));
  ASSERT_OK_AND_ASSIGN(const auto dataset, writer->Finish(DigestOf(all)));
  EXPECT_EQ(dataset.num_records(), 30);
  EXPECT_EQ(dataset.display_name(), "train");
}

TEST_F(DatasetStoreTest, ACompleteDatasetIsAnsweredAtOnce) {
  const Records records = MakeRecords(0, 5);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset, Upload(records));
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       store_->datasets()->OpenWriter(dataset.id(), "again"));
  EXPECT_TRUE(writer->complete());
  EXPECT_EQ(writer->num_records(), 5);
  EXPECT_OK(writer->Append(0, records));
  ASSERT_OK_AND_ASSIGN(const auto same, writer->Finish(""));
  EXPECT_EQ(same.SerializeAsString(), dataset.SerializeAsString());
}

TEST_F(DatasetStoreTest, TheMapGrows) {
  // 40 MB through a map of 16 MiB, one append larger than the whole map.
  Records records = MakeRecords(0, 40, 1 << 20);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset, Upload(records));
  store_.Reopen();
  EXPECT_THAT(ReadLmdb(store_->datasets()->Path(dataset.id()).value()),
              SizeIs(40));
}

TEST_F(DatasetStoreTest, WrongDigestsDropTheDataset) {
  const Records records = MakeRecords(0, 5);
  const std::string id = IdOf(records);
  const std::string other = DigestOf(MakeRecords(0, 6));
  {
    ASSERT_OK_AND_ASSIGN(const auto writer,
                         store_->datasets()->OpenWriter(id, ""));
    ASSERT_OK(writer->Append(0, records));
    const auto finished = writer->Finish(other);
    EXPECT_THAT(finished, HasReason("DIGEST_MISMATCH"));
    EXPECT_EQ(GetErrorMetadata(finished.status())["actual"], DigestOf(records));
    EXPECT_THAT(writer->Append(5, records), HasReason("DIGEST_MISMATCH"));
    EXPECT_THAT(writer->Finish(DigestOf(records)),
                HasReason("DIGEST_MISMATCH"));
  }
  EXPECT_THAT(store_->datasets()->Get(id), HasReason("DATASET_NOT_FOUND"));
  EXPECT_FALSE(
      FileSystem::Posix()->Exists(store_.data_dir() + "/datasets/" + id));
  // Right digest, but another name.
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       store_->datasets()->OpenWriter(
                           DatasetStore::IdForDigest(other).value(), ""));
  ASSERT_OK(writer->Append(0, records));
  EXPECT_THAT(writer->Finish(DigestOf(records)), HasReason("DIGEST_MISMATCH"));
}

TEST_F(DatasetStoreTest, KeysMustAscend) {
  ASSERT_OK_AND_ASSIGN(const auto writer, store_->datasets()->OpenWriter(
                                              IdOf(MakeRecords(0, 3)), ""));
  Records twice = MakeRecords(3, 1);
  *twice.Add() = twice[0];
  EXPECT_THAT(writer->Append(0, twice), HasReason("DATASET_KEY_ORDER"));
  EXPECT_EQ(writer->num_records(), 0);
  ASSERT_OK(writer->Append(0, MakeRecords(3, 1)));
  EXPECT_THAT(writer->Append(1, MakeRecords(2, 1)),
              HasReason("DATASET_KEY_ORDER"));
  EXPECT_THAT(writer->Append(1, MakeRecords(3, 1)),
              HasReason("DATASET_KEY_ORDER"));
  // Bytes, not signed characters.
  Records high;
  high.Add()->set_key("\xff");
  EXPECT_OK(writer->Append(1, high));
}

TEST_F(DatasetStoreTest, KeysHaveOneTo511Bytes) {
  ASSERT_OK_AND_ASSIGN(const auto writer, store_->datasets()->OpenWriter(
                                              IdOf(MakeRecords(0, 3)), ""));
  Records records;
  records.Add();
  EXPECT_THAT(writer->Append(0, records), HasReason("OPTION_OUT_OF_RANGE"));
  records[0].set_key(std::string(512, 'k'));
  EXPECT_THAT(writer->Append(0, records), HasReason("OPTION_OUT_OF_RANGE"));
  records[0].set_key(std::string(511, 'k'));
  EXPECT_OK(writer->Append(0, records));
}

TEST_F(DatasetStoreTest, EmptyDatasetsAreRefused) {
  ASSERT_OK_AND_ASSIGN(
      const auto writer,
      store_->datasets()->OpenWriter(
          DatasetStore::IdForDigest(Sha256Hex("")).value(), ""));
  ASSERT_OK(writer->Append(0, Records()));
  EXPECT_THAT(writer->Finish(Sha256Hex("")), HasReason("DATASET_EMPTY"));
}

TEST_F(DatasetStoreTest, OneWriterAtATime) {
  const std::string id = IdOf(MakeRecords(0, 3));
  ASSERT_OK_AND_ASSIGN(auto writer, store_->datasets()->OpenWriter(id, ""));
  EXPECT_THAT(store_->datasets()->OpenWriter(id, ""), HasReason("UPLOAD_BUSY"));
  EXPECT_THAT(store_->datasets()->Delete(id), HasReason("UPLOAD_BUSY"));
  writer = nullptr;
  EXPECT_OK(store_->datasets()->OpenWriter(id, ""));
}

TEST_F(DatasetStoreTest, NamesNeverBecomePaths) {
  for (const std::string& bad :
       {std::string(), std::string("ds-"), std::string("../db"),
        "ds-" + std::string(39, 'a'), "ds-" + std::string(41, 'a'),
        "ds-" + std::string(40, 'A'), "ds-../" + std::string(37, 'a'),
        "xx-" + std::string(40, 'a')}) {
    EXPECT_THAT(store_->datasets()->OpenWriter(bad, ""),
                HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->datasets()->Get(bad), HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->datasets()->Path(bad),
                HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->datasets()->Delete(bad),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
}

TEST_F(DatasetStoreTest, QuotasHold) {
  DatasetStore::Options options;
  options.data_dir = store_.data_dir();
  options.max_record_bytes = 100;
  options.max_dataset_bytes = 250;
  ASSERT_OK_AND_ASSIGN(const auto database,
                       Database::Open(quantd::testing::NewTempDirectory()));
  ASSERT_OK_AND_ASSIGN(const auto small,
                       DatasetStore::Open(options, database.get()));
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       small->OpenWriter(IdOf(MakeRecords(0, 3)), ""));
  EXPECT_THAT(writer->Append(0, MakeRecords(0, 1, 101)),
              HasReason("QUOTA_EXCEEDED"));
  ASSERT_OK(writer->Append(0, MakeRecords(0, 2, 100)));
  EXPECT_THAT(writer->Append(2, MakeRecords(2, 1, 100)),
              HasReason("QUOTA_EXCEEDED"));
  EXPECT_OK(writer->Append(2, MakeRecords(2, 1, 50)));
}

TEST_F(DatasetStoreTest, ListsCompleteOnesByIdInPages) {
  for (int i = 1; i <= 5; ++i) ASSERT_OK(Upload(MakeRecords(0, i)));
  ASSERT_OK(store_->datasets()->OpenWriter(IdOf(MakeRecords(0, 9)), ""));
  std::vector<std::string> ids;
  std::string token;
  do {
    ASSERT_OK_AND_ASSIGN(auto page, store_->datasets()->List(2, token));
    for (const v1::Dataset& dataset : page.datasets) {
      ids.push_back(dataset.id());
    }
    token = page.next_page_token;
  } while (!token.empty());
  EXPECT_THAT(ids, SizeIs(5));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_THAT(store_->datasets()->List(2, "x"),
              HasReason("PAGE_TOKEN_INVALID"));
}

TEST_F(DatasetStoreTest, DeleteRemovesTheFiles) {
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset, Upload(MakeRecords(0, 5)));
  ASSERT_OK(store_->datasets()->Delete(dataset.id()));
  EXPECT_THAT(store_->datasets()->Get(dataset.id()),
              HasReason("DATASET_NOT_FOUND"));
  EXPECT_THAT(
      FileSystem::Posix()->List(store_.data_dir() + "/datasets").value(),
      IsEmpty());
  EXPECT_OK(Upload(MakeRecords(0, 5)));
}

TEST_F(DatasetStoreTest, OldOpenOnesAreCollected) {
  const std::string id = IdOf(MakeRecords(0, 9));
  ASSERT_OK_AND_ASSIGN(auto writer, store_->datasets()->OpenWriter(id, ""));
  ASSERT_OK(writer->Append(0, MakeRecords(0, 3)));
  ASSERT_OK_AND_ASSIGN(const v1::Dataset complete, Upload(MakeRecords(0, 5)));
  const absl::Time late = absl::InfiniteFuture();
  EXPECT_EQ(store_->datasets()->CollectOpen(late).value_or(-1), 0);
  writer = nullptr;
  EXPECT_EQ(store_->datasets()->CollectOpen(absl::InfinitePast()).value_or(-1),
            0);
  EXPECT_EQ(store_->datasets()->CollectOpen(late).value_or(-1), 1);
  EXPECT_THAT(store_->datasets()->Get(id), HasReason("DATASET_NOT_FOUND"));
  EXPECT_OK(store_->datasets()->Path(complete.id()));
}

TEST_F(DatasetStoreTest, AFailedCommitMayBeRepeated) {
  const Records records = MakeRecords(0, 5);
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       store_->datasets()->OpenWriter(IdOf(records), ""));
  ASSERT_OK(SetFailpoint("storage/dataset_before_commit", "full"));
  EXPECT_THAT(writer->Append(0, records), HasReason("DISK_FULL"));
  ClearFailpoints();
  ASSERT_OK(writer->Append(0, records));
  ASSERT_OK(SetFailpoint("storage/dataset_before_complete", "error"));
  EXPECT_THAT(writer->Finish(DigestOf(records)), HasReason("FAILPOINT"));
  ClearFailpoints();
  EXPECT_OK(writer->Finish(DigestOf(records)));
}

}  // namespace
}  // namespace quantd::storage
