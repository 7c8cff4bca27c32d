// What is written reads back; what is damaged is an error.
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/file_system.h"
#include "base/testing/status_matchers.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/hdf5/hdf5_writer.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

std::vector<float> ReadAll(const Hdf5Reader& reader, const std::string& path) {
  const auto dataset = reader.Find(path);
  EXPECT_OK(dataset);
  if (!dataset.ok()) return {};
  std::vector<float> values(dataset->num_elements);
  EXPECT_OK(reader.ReadFloats(path, absl::MakeSpan(values)));
  return values;
}

// A file with one of everything.
std::string SampleFile() {
  auto writer = *Hdf5Writer::Create();
  const std::vector<float> values = {1.5f, -2, 3, 4, 5, 6};
  EXPECT_OK(writer->AddFloats("/data/conv1/0", {2, 3}, values));
  EXPECT_OK(writer->AddFloats("/data/conv1/1", {}, {7}));
  EXPECT_OK(writer->AddFloats("/data/empty/0", {0, 4}, {}));
  EXPECT_OK(writer->AddGroup("/data/relu1"));
  EXPECT_OK(writer->AddGroup("/data/relu1"));
  EXPECT_OK(writer->AddInt("/iter", -123456789));
  EXPECT_OK(writer->AddString("/learned_net", "a/b.caffemodel.h5"));
  auto bytes = writer->Finish();
  EXPECT_OK(bytes);
  return *bytes;
}

TEST(Hdf5Test, ReadsWhatItWrote) {
  const std::string bytes = SampleFile();
  EXPECT_TRUE(LooksLikeHdf5(bytes));
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "a.h5"));
  EXPECT_THAT(reader->datasets(),
              ElementsAre("/data/conv1/0", "/data/conv1/1", "/data/empty/0",
                          "/iter", "/learned_net"));
  EXPECT_THAT(reader->groups(), ElementsAre("/data", "/data/conv1",
                                            "/data/empty", "/data/relu1"));
  ASSERT_OK_AND_ASSIGN(const Hdf5Dataset conv, reader->Find("/data/conv1/0"));
  EXPECT_THAT(conv.dims, ElementsAre(2, 3));
  EXPECT_THAT(ReadAll(*reader, "/data/conv1/0"),
              ElementsAre(1.5f, -2, 3, 4, 5, 6));
  ASSERT_OK_AND_ASSIGN(const Hdf5Dataset scalar, reader->Find("/data/conv1/1"));
  EXPECT_TRUE(scalar.dims.empty());
  EXPECT_THAT(ReadAll(*reader, "/data/conv1/1"), ElementsAre(7));
  EXPECT_THAT(ReadAll(*reader, "/data/empty/0"), ElementsAre());
  EXPECT_EQ(*reader->ReadInt("/iter"), -123456789);
  EXPECT_EQ(*reader->ReadString("/learned_net"), "a/b.caffemodel.h5");
}

TEST(Hdf5Test, IntegersReadAsFloats) {
  const std::string bytes = SampleFile();
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "a.h5"));
  EXPECT_THAT(ReadAll(*reader, "/iter"), ElementsAre(-123456789.0f));
}

TEST(Hdf5Test, ReadsAFile) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/sample.h5");
  ASSERT_OK(FileSystem::Posix()->WriteAtomic(path, SampleFile()));
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::Open(path));
  EXPECT_THAT(ReadAll(*reader, "/data/conv1/1"), ElementsAre(7));
  EXPECT_THAT(Hdf5Reader::Open(path + "x"), HasReason("FILE_NOT_FOUND"));
}

TEST(Hdf5Test, EqualCallsGiveEqualBytes) {
  EXPECT_EQ(SampleFile(), SampleFile());
}

TEST(Hdf5Test, WriterRefusesBadPathsAndSizes) {
  ASSERT_OK_AND_ASSIGN(auto writer, Hdf5Writer::Create());
  ASSERT_OK(writer->AddFloats("/a", {1}, {1}));
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("b"), std::string("//b"),
        std::string("/b//c"), std::string("/b/"), std::string("/b\0c", 4)}) {
    EXPECT_THAT(writer->AddInt(path, 1), HasReason("HDF5_INVALID")) << path;
  }
  EXPECT_THAT(writer->AddInt("/a", 1),
              StatusIs(Code::kInvalidArgument, "there already"));
  EXPECT_THAT(writer->AddInt("/a/b", 1),
              StatusIs(Code::kInvalidArgument, "is a dataset"));
  EXPECT_THAT(writer->AddFloats("/b", {2, 2}, {1, 2, 3}),
              StatusIs(Code::kInvalidArgument, "hold 4 values, given are 3"));
  EXPECT_THAT(writer->AddFloats("/b", {-1}, {}), HasReason("HDF5_INVALID"));
  const int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(writer->AddFloats("/b", {huge, huge}, {}),
              HasReason("HDF5_INVALID"));
  EXPECT_THAT(writer->AddFloats("/b", std::vector<int64_t>(33, 1), {1}),
              HasReason("HDF5_INVALID"));
  ASSERT_OK(writer->Finish());
  EXPECT_THAT(writer->Finish(), HasReason("HDF5_INVALID"));
}

TEST(Hdf5Test, ReaderNamesFileAndDataset) {
  const std::string bytes = SampleFile();
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "a.h5"));
  for (const auto& status :
       {reader->Find("/nope").status(), reader->ReadInt("/nope").status()}) {
    EXPECT_THAT(status, StatusIs(Code::kNotFound, "a.h5"));
    EXPECT_THAT(status, StatusIs(Code::kNotFound, "/nope"));
    EXPECT_THAT(status, HasReason("HDF5_DATASET_NOT_FOUND"));
  }
  std::vector<float> values(5);
  EXPECT_THAT(reader->ReadFloats("/data/conv1/0", absl::MakeSpan(values)),
              StatusIs(Code::kInvalidArgument, "6 elements, not 5"));
  values.resize(1);
  EXPECT_THAT(reader->ReadFloats("/learned_net", absl::MakeSpan(values)),
              StatusIs(Code::kInvalidArgument, "no numbers"));
  EXPECT_THAT(reader->ReadInt("/data/conv1/0"), HasReason("HDF5_INVALID"));
  EXPECT_THAT(reader->ReadString("/iter"), HasReason("HDF5_INVALID"));
}

TEST(Hdf5Test, ReaderRefusesOtherFiles) {
  EXPECT_THAT(Hdf5Reader::FromBytes("", "a.h5"), HasReason("HDF5_INVALID"));
  EXPECT_THAT(Hdf5Reader::FromBytes("name: \"net\"", "a.h5"),
              StatusIs(Code::kInvalidArgument, "not an HDF5 file"));
  const std::string bytes = SampleFile();
  EXPECT_THAT(Hdf5Reader::FromBytes(bytes.substr(0, 100), "a.h5"),
              HasReason("HDF5_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
