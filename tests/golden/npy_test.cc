#include "tests/golden/npy.h"

#include <cstdlib>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::IsOk;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Not;

std::string Npy(std::string header, const std::string& data) {
  header.resize(118, ' ');
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += std::string("\x76\x00", 2);
  return bytes + header + data;
}

TEST(NpyTest, ReadsShapeTypeAndValues) {
  const std::string bytes =
      Npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1), }",
          std::string("\x05\0\0\0\xff\xff\xff\xff", 8));
  ASSERT_OK_AND_ASSIGN(NpyArray array, ParseNpy(bytes));
  EXPECT_THAT(array.shape, ElementsAre(2, 1));
  EXPECT_EQ(array.dtype, "<i4");
  ASSERT_OK_AND_ASSIGN(std::vector<float> values, array.Values<float>());
  EXPECT_THAT(values, ElementsAre(5.0f, -1.0f));
}

TEST(NpyTest, ReadsScalarsVectorsAndEmptyArrays) {
  ASSERT_OK_AND_ASSIGN(
      NpyArray scalar,
      ParseNpy(Npy("{'descr': '|i1', 'fortran_order': False, 'shape': (), }",
                   "\x07")));
  EXPECT_EQ(scalar.num_elements(), 1);
  ASSERT_OK_AND_ASSIGN(
      NpyArray empty,
      ParseNpy(Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }",
                   "")));
  EXPECT_THAT(empty.shape, ElementsAre(0));
}

TEST(NpyTest, FortranOrderIsTurned) {
  ASSERT_OK_AND_ASSIGN(
      NpyArray array,
      ParseNpy(Npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }",
                   std::string("\x00\x03\x01\x04\x02\x05", 6))));
  ASSERT_OK_AND_ASSIGN(std::vector<float> values, array.Values<float>());
  EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(NpyTest, RefusesDamagedAndUnsupportedFiles) {
  EXPECT_THAT(ParseNpy("PK"), Not(IsOk()));
  EXPECT_THAT(
      ParseNpy(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
                   "\x01\x02")),
      StatusIs(absl::StatusCode::kInvalidArgument, "should have 8 bytes"));
  EXPECT_THAT(
      ParseNpy(
          Npy("{'descr': '>f4', 'fortran_order': False, 'shape': (0,), }", "")),
      StatusIs(absl::StatusCode::kUnimplemented, "big-endian"));
  EXPECT_THAT(ReadNpy("/does/not/exist.npy"),
              StatusIs(absl::StatusCode::kNotFound, "/does/not/exist.npy"));
}

TEST(NpyTest, ReadsDeflatedArchives) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  ASSERT_OK_AND_ASSIGN(
      auto arrays,
      ReadNpz(std::string(data) + "/golden/amct_records/lenet/acts.npz"));
  EXPECT_EQ(arrays.size(), 4u);
  EXPECT_EQ(arrays["conv2"].num_elements(), 921600);
}

}  // namespace
}  // namespace quantd
