#include "storage/blob_store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/testing/fake_clock.h"
#include "base/testing/memory_file_system.h"
#include "base/testing/status_matchers.h"
#include "storage/testing/temp_store.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::FakeClock;
using ::quantd::testing::HasReason;
using ::quantd::testing::MakeRef;
using ::quantd::testing::MemoryFileSystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kUpload[] = "3f2b2c1a-0000-4000-8000-000000000001";
constexpr int64_t kMax = int64_t{1} << 30;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 9);
  return bytes;
}

class BlobStoreTest : public ::testing::Test {
 protected:
  BlobStoreTest() : files_(&clock_) { Reopen(); }
  ~BlobStoreTest() override { ClearFailpoints(); }

  void Reopen() {
    store_ = nullptr;
    options_.data_dir = "";
    options_.files = &files_;
    options_.clock = &clock_;
    store_ = BlobStore::Open(options_).value();
  }

  // A whole upload; the first error, if any.
  absl::Status Upload(const std::string& bytes, const v1::BlobRef& ref,
                      int64_t chunk = 1000) {
    auto upload = store_->OpenUpload(ref, kUpload);
    if (!upload.ok()) return upload.status();
    const auto size = static_cast<int64_t>(bytes.size());
    for (int64_t at = (*upload)->committed_size(); at < size; at += chunk) {
      RETURN_IF_ERROR((*upload)->Append(at, bytes.substr(at, chunk)));
    }
    return (*upload)->Finish();
  }

  FakeClock clock_;
  MemoryFileSystem files_;
  BlobStore::Options options_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(BlobStoreTest, UploadedBlobIsReadBackAfterPowerLoss) {
  const std::string bytes = Bytes(5000);
  ASSERT_OK(Upload(bytes, MakeRef(bytes)));
  files_.LosePower();
  Reopen();
  ASSERT_OK_AND_ASSIGN(const std::string read,
                       store_->Get(MakeRef(bytes), kMax));
  EXPECT_EQ(read, bytes);
  EXPECT_THAT(store_->List().value(), ElementsAre(MakeRef(bytes).sha256()));
  EXPECT_THAT(files_.List("/uploads").value(), IsEmpty());
}

TEST_F(BlobStoreTest, UploadResumesWhereItWas) {
  const std::string bytes = Bytes(5000);
  const v1::BlobRef ref = MakeRef(bytes);
  EXPECT_THAT(store_->QueryUpload(ref, kUpload), HasReason("UPLOAD_NOT_FOUND"));
  {
    ASSERT_OK_AND_ASSIGN(const auto upload, store_->OpenUpload(ref, kUpload));
    ASSERT_OK(upload->Append(0, bytes.substr(0, 3000)));
  }
  Reopen();
  ASSERT_OK_AND_ASSIGN(auto status, store_->QueryUpload(ref, kUpload));
  EXPECT_EQ(status.committed_size, 3000);
  EXPECT_FALSE(status.complete);
  EXPECT_THAT(store_->Get(ref, kMax), HasReason("BLOB_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto upload, store_->OpenUpload(ref, kUpload));
  EXPECT_EQ(upload->committed_size(), 3000);
  EXPECT_THAT(upload->Append(2999, "x"), HasReason("OFFSET_OUT_OF_RANGE"));
  EXPECT_THAT(upload->Append(3001, "x"), HasReason("OFFSET_OUT_OF_RANGE"));
  ASSERT_OK(upload->Append(3000, bytes.substr(3000)));
  ASSERT_OK(upload->Finish());
  EXPECT_TRUE(upload->complete());
  ASSERT_OK_AND_ASSIGN(status, store_->QueryUpload(ref, kUpload));
  EXPECT_EQ(status.committed_size, 5000);
  EXPECT_TRUE(status.complete);
}

TEST_F(BlobStoreTest, AStoredBlobEndsAnUploadAtOnce) {
  ASSERT_OK_AND_ASSIGN(const v1::BlobRef ref, store_->Put("abc", "a.txt"));
  EXPECT_EQ(ref.file_name(), "a.txt");
  ASSERT_OK_AND_ASSIGN(const auto upload, store_->OpenUpload(ref, kUpload));
  EXPECT_TRUE(upload->complete());
  EXPECT_EQ(upload->committed_size(), 3);
  EXPECT_OK(upload->Append(0, "abc"));
  EXPECT_OK(upload->Finish());
  EXPECT_OK(store_->Put("abc", "b.txt"));
}

TEST_F(BlobStoreTest, TheEmptyBlobIsABlob) {
  ASSERT_OK(Upload("", MakeRef("")));
  EXPECT_EQ(store_->Get(MakeRef(""), 0).value_or("x"), "");
}

TEST_F(BlobStoreTest, WrongBytesAreRefusedAndDropped) {
  const std::string bytes = Bytes(5000);
  v1::BlobRef ref = MakeRef(bytes);
  ref.set_sha256(MakeRef("other").sha256());
  const absl::Status status = Upload(bytes, ref);
  EXPECT_THAT(status, HasReason("DIGEST_MISMATCH"));
  EXPECT_EQ(GetErrorMetadata(status)["actual"], MakeRef(bytes).sha256());
  EXPECT_THAT(store_->Get(ref, kMax), HasReason("BLOB_NOT_FOUND"));
  EXPECT_THAT(store_->QueryUpload(ref, kUpload), HasReason("UPLOAD_NOT_FOUND"));
}

TEST_F(BlobStoreTest, WrongSizesAreRefused) {
  v1::BlobRef ref = MakeRef("abcd");
  ref.set_size_bytes(3);
  ASSERT_OK_AND_ASSIGN(auto upload, store_->OpenUpload(ref, kUpload));
  EXPECT_THAT(upload->Append(0, "abcd"), HasReason("DIGEST_MISMATCH"));
  EXPECT_THAT(upload->Append(0, "abc"), HasReason("DIGEST_MISMATCH"));
  EXPECT_THAT(upload->Finish(), HasReason("DIGEST_MISMATCH"));
  upload = nullptr;
  // Too few bytes: the upload may go on.
  ASSERT_OK_AND_ASSIGN(upload, store_->OpenUpload(MakeRef("abcd"), kUpload));
  ASSERT_OK(upload->Append(0, "abc"));
  EXPECT_THAT(upload->Finish(), HasReason("DIGEST_MISMATCH"));
  ASSERT_OK(upload->Append(3, "d"));
  ASSERT_OK(upload->Finish());
  // A stored digest has one size.
  EXPECT_THAT(store_->Check(ref), HasReason("DIGEST_MISMATCH"));
  EXPECT_THAT(store_->OpenUpload(ref, kUpload), HasReason("DIGEST_MISMATCH"));
}

TEST_F(BlobStoreTest, FindMissingKeepsTheOrder) {
  ASSERT_OK(store_->Put("abc", ""));
  v1::BlobRef wrong_size = MakeRef("abc");
  wrong_size.set_size_bytes(4);
  const std::vector<v1::BlobRef> refs = {MakeRef("x"), MakeRef("abc"),
                                         MakeRef("y"), wrong_size};
  ASSERT_OK_AND_ASSIGN(const auto missing, store_->FindMissing(refs));
  ASSERT_THAT(missing, SizeIs(3));
  EXPECT_EQ(missing[0].sha256(), refs[0].sha256());
  EXPECT_EQ(missing[1].sha256(), refs[2].sha256());
  EXPECT_EQ(missing[2].size_bytes(), 4);
}

TEST_F(BlobStoreTest, RangesAreRead) {
  const std::string bytes = Bytes(5000);
  ASSERT_OK(Upload(bytes, MakeRef(bytes)));
  const auto read = [&](int64_t offset, int64_t limit) {
    const auto reader = store_->OpenRead(MakeRef(bytes), offset, limit);
    std::string all;
    while (reader.ok()) {
      const std::string piece = (*reader)->Next(700).value();
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  };
  EXPECT_EQ(read(0, 0), bytes);
  EXPECT_EQ(read(100, 2000), bytes.substr(100, 2000));
  EXPECT_EQ(read(4990, 100), bytes.substr(4990));
  EXPECT_EQ(read(4990, INT64_MAX), bytes.substr(4990));
  EXPECT_EQ(read(5000, 0), "");
  EXPECT_THAT(store_->OpenRead(MakeRef(bytes), 5001, 0),
              HasReason("OFFSET_OUT_OF_RANGE"));
  EXPECT_THAT(store_->OpenRead(MakeRef(bytes), -1, 0),
              HasReason("OFFSET_OUT_OF_RANGE"));
  EXPECT_THAT(store_->OpenRead(MakeRef(bytes), 0, -1),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(store_->Get(MakeRef(bytes), 4999), HasReason("QUOTA_EXCEEDED"));
}

TEST_F(BlobStoreTest, EveryFlippedBitIsSeen) {
  const std::string bytes = Bytes(3000);
  const v1::BlobRef ref = MakeRef(bytes);
  ASSERT_OK(Upload(bytes, ref));
  const std::string path = store_->PathForTest(ref.sha256());
  for (int64_t i = 0; i < 1000; ++i) {
    const int64_t offset = (i * 997) % 3000;
    ASSERT_TRUE(files_.FlipBit(path, offset, i % 8));
    const auto read = store_->Get(ref, kMax);
    EXPECT_THAT(read, HasReason("ARTIFACT_CORRUPT")) << offset;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    ASSERT_TRUE(files_.FlipBit(path, offset, i % 8));
  }
  EXPECT_OK(store_->Get(ref, kMax));
}

TEST_F(BlobStoreTest, ACutFileIsSeen) {
  const std::string bytes = Bytes(3000);
  ASSERT_OK(Upload(bytes, MakeRef(bytes)));
  ASSERT_OK(
      files_.Truncate(store_->PathForTest(MakeRef(bytes).sha256()), 2999));
  EXPECT_THAT(store_->Get(MakeRef(bytes), kMax), HasReason("ARTIFACT_CORRUPT"));
}

TEST_F(BlobStoreTest, NamesNeverBecomePaths) {
  const std::string good = MakeRef("abc").sha256();
  for (const std::string& bad :
       {std::string(), std::string("../../etc/passwd"), good + "/",
        "../" + good.substr(3), good.substr(1) + "A", std::string(64, '.'),
        std::string(63, 'a') + std::string(1, '\0')}) {
    v1::BlobRef ref;
    ref.set_sha256(bad);
    EXPECT_THAT(store_->Check(ref), HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->OpenRead(ref, 0, 0), HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->OpenUpload(ref, kUpload),
                HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->Delete(bad), HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->FindMissing({ref}), HasReason("OPTION_OUT_OF_RANGE"));
  }
  for (const std::string& bad :
       {std::string(), std::string("../x"), std::string("a/b"),
        std::string("a_b"), std::string(65, 'a'), std::string("a\0b", 3),
        std::string("a b")}) {
    EXPECT_THAT(store_->OpenUpload(MakeRef("abc"), bad),
                HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(store_->QueryUpload(MakeRef("abc"), bad),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  v1::BlobRef negative = MakeRef("abc");
  negative.set_size_bytes(-1);
  EXPECT_THAT(store_->Check(negative), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST_F(BlobStoreTest, QuotasHold) {
  options_.max_blob_bytes = 10;
  options_.max_uploads = 2;
  Reopen();
  EXPECT_THAT(store_->Put(Bytes(11), ""), HasReason("QUOTA_EXCEEDED"));
  EXPECT_THAT(store_->OpenUpload(MakeRef(Bytes(11)), kUpload),
              HasReason("QUOTA_EXCEEDED"));
  ASSERT_OK_AND_ASSIGN(auto first, store_->OpenUpload(MakeRef("a"), kUpload));
  EXPECT_THAT(store_->OpenUpload(MakeRef("a"), kUpload),
              HasReason("UPLOAD_BUSY"));
  ASSERT_OK_AND_ASSIGN(const auto second,
                       store_->OpenUpload(MakeRef("a"), "2"));
  EXPECT_THAT(store_->OpenUpload(MakeRef("a"), "3"),
              HasReason("QUOTA_EXCEEDED"));
  first = nullptr;
  EXPECT_OK(store_->OpenUpload(MakeRef("a"), "3"));
}

TEST_F(BlobStoreTest, TwoUploadsOfOneBlobBothEndWell) {
  ASSERT_OK_AND_ASSIGN(const auto one, store_->OpenUpload(MakeRef("ab"), "1"));
  ASSERT_OK_AND_ASSIGN(const auto two, store_->OpenUpload(MakeRef("ab"), "2"));
  ASSERT_OK(one->Append(0, "ab"));
  ASSERT_OK(two->Append(0, "ab"));
  ASSERT_OK(one->Finish());
  ASSERT_OK(two->Finish());
  EXPECT_EQ(store_->Get(MakeRef("ab"), kMax).value_or(""), "ab");
}

TEST_F(BlobStoreTest, AFullDiskHealsWithoutARestart) {
  const std::string bytes = Bytes(5000);
  files_.SetFreeBytes(4999);
  EXPECT_THAT(Upload(bytes, MakeRef(bytes)), HasReason("DISK_FULL"));
  files_.SetFreeBytes(5000);
  {
    ASSERT_OK_AND_ASSIGN(const auto upload,
                         store_->OpenUpload(MakeRef(bytes), kUpload));
    files_.SetFreeBytes(1500);  // Somebody else writes too.
    ASSERT_OK(upload->Append(0, bytes.substr(0, 1000)));
    EXPECT_THAT(upload->Append(1000, bytes.substr(1000, 1000)),
                HasReason("DISK_FULL"));
    EXPECT_THAT(upload->Append(1000, "x"), HasReason("DISK_FULL"));
  }
  files_.SetFreeBytes(1 << 20);
  ASSERT_OK(Upload(bytes, MakeRef(bytes)));
  EXPECT_EQ(store_->Get(MakeRef(bytes), kMax).value_or(""), bytes);
}

// Whatever operation fails, and even if the power goes then: no half blob is
// ever seen, what was acknowledged stays, and a retry succeeds.
TEST_F(BlobStoreTest, ConsistentWhereverAnOperationFails) {
  const std::string bytes = Bytes(3000);
  const v1::BlobRef ref = MakeRef(bytes);
  bool done = false;
  for (int64_t k = 1; !done; ++k) {
    for (const bool lose_power : {false, true}) {
      MemoryFileSystem files(&clock_);
      BlobStore::Options options;
      options.files = &files;
      auto opened = BlobStore::Open(options);
      ASSERT_OK(opened);
      store_ = *std::move(opened);
      const int64_t before = files.num_operations();
      files.FailOperation(k, /*full=*/k % 2 == 0);
      const absl::Status status = Upload(bytes, ref);
      done = files.num_operations() - before < k;
      files.FailOperation(0);
      if (lose_power) {
        store_ = nullptr;
        files.LosePower();
        store_ = BlobStore::Open(options).value();
      }
      const auto read = store_->Get(ref, kMax);
      if (status.ok()) {
        EXPECT_EQ(read.value_or(""), bytes) << k;
      } else {
        EXPECT_TRUE(read.ok() || ErrorReason(read.status()) == "BLOB_NOT_FOUND")
            << k << read.status();
      }
      EXPECT_OK(Upload(bytes, ref)) << k;
      EXPECT_EQ(store_->Get(ref, kMax).value_or(""), bytes) << k;
      store_ = nullptr;
    }
  }
}

TEST_F(BlobStoreTest, DeleteAndList) {
  ASSERT_OK(store_->Put("a", ""));
  ASSERT_OK(store_->Put("b", ""));
  EXPECT_THAT(store_->List().value(), SizeIs(2));
  ASSERT_OK(store_->Delete(MakeRef("a").sha256()));
  files_.LosePower();
  EXPECT_THAT(store_->Delete(MakeRef("a").sha256()),
              HasReason("BLOB_NOT_FOUND"));
  EXPECT_THAT(store_->List().value(), ElementsAre(MakeRef("b").sha256()));
}

TEST_F(BlobStoreTest, OldUploadsAreCollectedOpenOnesNot) {
  {
    ASSERT_OK_AND_ASSIGN(const auto old, store_->OpenUpload(MakeRef("a"), "1"));
  }
  ASSERT_OK_AND_ASSIGN(const auto open, store_->OpenUpload(MakeRef("a"), "2"));
  clock_.Advance(absl::Hours(25));
  {
    ASSERT_OK_AND_ASSIGN(const auto young,
                         store_->OpenUpload(MakeRef("a"), "3"));
  }
  const absl::Time before = clock_.Now() - absl::Hours(24);
  EXPECT_EQ(store_->CollectUploads(before).value_or(-1), 1);
  EXPECT_THAT(store_->QueryUpload(MakeRef("a"), "1"),
              HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_OK(store_->QueryUpload(MakeRef("a"), "2"));
  EXPECT_OK(store_->QueryUpload(MakeRef("a"), "3"));
}

}  // namespace
}  // namespace quantd::storage
