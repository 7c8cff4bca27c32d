// Files as other programs make them with HDF5's own library.
#include "engine/hdf5/hdf5_reader.h"

#include <hdf5.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

// A file that `fill` writes with the library.
std::string MakeFile(const std::function<void(hid_t file)>& fill,
                     hid_t creation = H5P_DEFAULT, hid_t access = H5P_DEFAULT) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/made.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access);
  fill(file);
  H5Fclose(file);
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Adds 0, 1, 2, ... of `type` with creation properties `creation`.
void AddCounting(hid_t file, const char* path, hid_t type,
                 const std::vector<hsize_t>& dims, hid_t creation) {
  hsize_t count = 1;
  for (hsize_t dim : dims) count *= dim;
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 0.0);
  const hid_t space =
      H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  const hid_t set =
      H5Dcreate2(file, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(set, 0);
  ASSERT_GE(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                     values.data()),
            0);
  H5Dclose(set);
  H5Sclose(space);
}

// Reads `path` of `bytes` and expects 0, 1, 2, ...
void ExpectCounting(const std::string& bytes, const std::string& path) {
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "made.h5"));
  ASSERT_OK_AND_ASSIGN(const Hdf5Dataset found, reader->Find(path));
  std::vector<float> values(found.num_elements);
  ASSERT_OK(reader->ReadFloats(path, absl::MakeSpan(values)));
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(values[i], static_cast<float>(i)) << path;
  }
}

TEST(Hdf5ReaderTest, EveryTypeOfNumber) {
  const std::vector<hid_t> types = {
      H5T_STD_I8LE,   H5T_STD_U8BE,   H5T_STD_I16BE,  H5T_STD_U16LE,
      H5T_STD_I32BE,  H5T_STD_U32LE,  H5T_STD_I64LE,  H5T_STD_U64BE,
      H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
  for (const hid_t type : types) {
    ExpectCounting(MakeFile([type](hid_t file) {
                     AddCounting(file, "/x", type, {3, 5}, H5P_DEFAULT);
                   }),
                   "/x");
  }
}

TEST(Hdf5ReaderTest, NegativeAndHalfPrecision) {
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  const std::vector<double> numbers = {-3, 0.5, -65504, 6e-8, INFINITY};
  const auto fill = [&](hid_t type, const char* path, hid_t file) {
    const hsize_t count = numbers.size();
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t set = H5Dcreate2(file, path, type, space, H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
             numbers.data());
    H5Dclose(set);
    H5Sclose(space);
  };
  const std::string bytes = MakeFile([&](hid_t file) {
    fill(half, "/half", file);
    fill(H5T_STD_I32LE, "/int", file);
  });
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "made.h5"));
  std::vector<float> values(numbers.size());
  ASSERT_OK(reader->ReadFloats("/half", absl::MakeSpan(values)));
  EXPECT_THAT(values,
              ElementsAre(-3, 0.5, -65504, std::ldexp(1.0f, -24), INFINITY));
  ASSERT_OK(reader->ReadFloats("/int", absl::MakeSpan(values)));
  EXPECT_EQ(values[0], -3);
  EXPECT_EQ(values[2], -65504);
}

TEST(Hdf5ReaderTest, ChunksAndFilters) {
  for (const int filters : {0, 1, 2, 3, 4, 7}) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {3, 4, 2};
    H5Pset_chunk(creation, 3, chunk);
    if (filters & 4) H5Pset_fletcher32(creation);
    if (filters & 1) H5Pset_shuffle(creation);
    if (filters & 2) H5Pset_deflate(creation, 6);
    ExpectCounting(
        MakeFile([creation](hid_t file) {
          AddCounting(file, "/x", H5T_IEEE_F32LE, {10, 9, 5}, creation);
        }),
        "/x");
    H5Pclose(creation);
  }
}

TEST(Hdf5ReaderTest, ManyChunksMakeADeepTree) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = {1, 1};
  H5Pset_chunk(creation, 2, chunk);
  ExpectCounting(MakeFile([creation](hid_t file) {
                   AddCounting(file, "/x", H5T_IEEE_F32LE, {80, 70}, creation);
                 }),
                 "/x");
}

TEST(Hdf5ReaderTest, CompactValues) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(creation, H5D_COMPACT);
  ExpectCounting(MakeFile([creation](hid_t file) {
                   AddCounting(file, "/x", H5T_IEEE_F32LE, {7}, creation);
                 }),
                 "/x");
}

TEST(Hdf5ReaderTest, UserBlockAndManyNames) {
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, 512);
  const std::string bytes = MakeFile(
      [](hid_t file) {
        for (int i = 0; i < 500; ++i) {
          AddCounting(file, absl::StrCat("/layer", i).c_str(), H5T_IEEE_F32LE,
                      {2}, H5P_DEFAULT);
        }
      },
      creation);
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "made.h5"));
  EXPECT_EQ(reader->datasets().size(), 500u);
  ExpectCounting(bytes, "/layer499");
}

// The newest form of headers and groups.
hid_t Latest() {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  return access;
}

TEST(Hdf5ReaderTest, NewHeaders) {
  const auto fill = [](hid_t file) {
    const hid_t group =
        H5Gcreate2(file, "/data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    AddCounting(group, "a", H5T_IEEE_F32LE, {2, 3}, H5P_DEFAULT);
    AddCounting(group, "b", H5T_IEEE_F64LE, {5}, H5P_DEFAULT);
    H5Gclose(group);
  };
  const std::string bytes = MakeFile(fill, H5P_DEFAULT, Latest());
  ExpectCounting(bytes, "/data/a");
  ExpectCounting(bytes, "/data/b");
}

TEST(Hdf5ReaderTest, NewStorageIsRefusedWithAdvice) {
  const std::string dense = MakeFile(
      [](hid_t file) {
        for (int i = 0; i < 20; ++i) {
          AddCounting(file, absl::StrCat("/x", i).c_str(), H5T_IEEE_F32LE, {2},
                      H5P_DEFAULT);
        }
      },
      H5P_DEFAULT, Latest());
  EXPECT_THAT(Hdf5Reader::FromBytes(dense, "made.h5"),
              StatusIs(Code::kInvalidArgument, "libver \"earliest\""));
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = {4};
  H5Pset_chunk(creation, 1, chunk);
  const std::string chunks = MakeFile(
      [creation](hid_t file) {
        AddCounting(file, "/x", H5T_IEEE_F32LE, {9}, creation);
      },
      H5P_DEFAULT, Latest());
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(chunks, "made.h5"));
  EXPECT_THAT(reader->Find("/x"),
              StatusIs(Code::kInvalidArgument, "libver \"earliest\""));
}

TEST(Hdf5ReaderTest, LinksInCirclesAndElsewhere) {
  const std::string bytes = MakeFile([](hid_t file) {
    AddCounting(file, "/x", H5T_IEEE_F32LE, {2}, H5P_DEFAULT);
    H5Lcreate_soft("/x", file, "/soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/x", file, "/external", H5P_DEFAULT,
                       H5P_DEFAULT);
    H5Lcreate_hard(file, "/x", file, "/hard", H5P_DEFAULT, H5P_DEFAULT);
  });
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "made.h5"));
  EXPECT_THAT(reader->datasets(), ElementsAre("/hard", "/x"));
  ExpectCounting(bytes, "/hard");
  const std::string circle = MakeFile([](hid_t file) {
    H5Gclose(H5Gcreate2(file, "/a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_hard(file, "/a", file, "/a/b", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/a", file, "/a/c", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(Hdf5Reader::FromBytes(circle, "made.h5"),
              HasReason("HDF5_INVALID"));
}

TEST(Hdf5ReaderTest, SizesBeyondTheFileAreRefused) {
  const std::string bytes = MakeFile([](hid_t file) {
    const hsize_t dims[] = {1 << 14, 1 << 14};
    const hid_t space = H5Screate_simple(2, dims, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Dclose(H5Dcreate2(file, "/never", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                        H5P_DEFAULT, H5P_DEFAULT));
    H5Pset_chunk(creation, 2, dims);
    H5Pset_deflate(creation, 1);
    H5Dclose(H5Dcreate2(file, "/chunks", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                        creation, H5P_DEFAULT));
    const hsize_t huge[] = {hsize_t{1} << 40};
    const hid_t line = H5Screate_simple(1, huge, nullptr);
    H5Dclose(H5Dcreate2(file, "/huge", H5T_IEEE_F32LE, line, H5P_DEFAULT,
                        H5P_DEFAULT, H5P_DEFAULT));
  });
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "made.h5"));
  for (const char* path : {"/never", "/chunks", "/huge"}) {
    EXPECT_THAT(reader->Find(path), HasReason("HDF5_INVALID")) << path;
    EXPECT_THAT(reader->Find(path), StatusIs(Code::kInvalidArgument, path));
  }
}

TEST(Hdf5ReaderTest, CutFilesSaySo) {
  const std::string bytes = MakeFile([](hid_t file) {
    AddCounting(file, "/x", H5T_IEEE_F32LE, {100}, H5P_DEFAULT);
  });
  EXPECT_THAT(Hdf5Reader::FromBytes(bytes.substr(0, bytes.size() - 1), "a.h5"),
              StatusIs(Code::kInvalidArgument, "cut short"));
}

}  // namespace
}  // namespace quantd::testing
