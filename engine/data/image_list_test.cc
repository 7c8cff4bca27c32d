#include "engine/data/image_list.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"
#include "engine/data/testing/test_lmdb.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

// A folder with `count` grey images of one pixel, i.png of value i, and a list
// of them with the labels 10 * i.
ImageListSource::Options Pixels(int count) {
  ImageListSource::Options options;
  options.root_folder = NewDirectory() + "/";
  options.list = options.root_folder + "list.txt";
  std::string list;
  for (int i = 0; i < count; ++i) {
    WriteBytes(absl::StrCat(options.root_folder, i, ".png"),
               EncodePng(1, 1, 1, {static_cast<uint8_t>(i)}));
    absl::StrAppend(&list, i, ".png ", 10 * i, "\n");
  }
  WriteBytes(options.list, list);
  return options;
}

// The labels of the next `count` images.
std::vector<int> Labels(ImageSource* source, int count) {
  std::vector<int> labels;
  DecodedDatum datum;
  for (int i = 0; i < count; ++i) {
    EXPECT_OK(source->Next(&datum));
    EXPECT_EQ(10 * datum.image.bytes[0], datum.label);
    labels.push_back(datum.label);
  }
  return labels;
}

TEST(ImageListTest, TheLastSpaceSplitsALine) {
  const std::vector<ImageListEntry> entries =
      ParseImageList("a b.png 3\r\n\nc.png -7\nd.png 2x\ne.png\nf.png 1");
  std::vector<std::string> found;
  for (const ImageListEntry& entry : entries) {
    found.push_back(absl::StrCat(entry.path, "|", entry.label));
  }
  EXPECT_THAT(found, ElementsAre("a b.png|3", "c.png|-7", "d.png|2", "e.png|0",
                                 "f.png|1"));
}

TEST(ImageListTest, ReadsInOrderAndStartsAgain) {
  ASSERT_OK_AND_ASSIGN(const auto source, ImageListSource::Open(Pixels(3)));
  EXPECT_EQ(source->num_images(), 3);
  EXPECT_THAT(Labels(source.get(), 7), ElementsAre(0, 10, 20, 0, 10, 20, 0));
}

TEST(ImageListTest, ColorOrGray) {
  ImageListSource::Options options = Pixels(1);
  WriteBytes(options.root_folder + "0.png", EncodePng(1, 1, 3, {1, 2, 3}));
  DecodedDatum datum;
  ASSERT_OK_AND_ASSIGN(auto source, ImageListSource::Open(options));
  ASSERT_OK(source->Next(&datum));
  EXPECT_THAT(datum.image.bytes, ElementsAre(3, 2, 1));
  options.is_color = false;
  ASSERT_OK_AND_ASSIGN(source, ImageListSource::Open(options));
  ASSERT_OK(source->Next(&datum));
  EXPECT_EQ(datum.image.channels, 1);
}

TEST(ImageListTest, ScalesEveryImage) {
  ImageListSource::Options options = Pixels(1);
  options.new_height = 2;
  options.new_width = 5;
  DecodedDatum datum;
  ASSERT_OK_AND_ASSIGN(const auto source, ImageListSource::Open(options));
  ASSERT_OK(source->Next(&datum));
  EXPECT_EQ(datum.image.channels, 3);
  EXPECT_EQ(datum.image.height, 2);
  EXPECT_EQ(datum.image.width, 5);
}

TEST(ImageListTest, ShufflesAnewEveryRoundAndRepeatably) {
  ImageListSource::Options options = Pixels(20);
  options.shuffle = true;
  const auto rounds = [&options] {
    auto source = ImageListSource::Open(options);
    EXPECT_OK(source);
    return std::pair{Labels(source->get(), 20), Labels(source->get(), 20)};
  };
  const auto [first, second] = rounds();
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), 20u);
  EXPECT_EQ(std::set<int>(second.begin(), second.end()).size(), 20u);
  EXPECT_NE(first, second);
  EXPECT_EQ(rounds().first, first);
  EXPECT_EQ(rounds().second, second);
  options.seed = 2;
  EXPECT_NE(rounds().first, first);
}

TEST(ImageListTest, RandSkipStartsInside) {
  ImageListSource::Options options = Pixels(20);
  options.rand_skip = 20;
  std::set<int> starts;
  for (options.seed = 0; options.seed < 20; ++options.seed) {
    ASSERT_OK_AND_ASSIGN(const auto source, ImageListSource::Open(options));
    starts.insert(Labels(source.get(), 1)[0]);
  }
  EXPECT_GT(starts.size(), 5u);
  options.rand_skip = 1000000;
  EXPECT_THAT(ImageListSource::Open(options), HasReason("DATASET_TOO_SMALL"));
}

TEST(ImageListTest, SkippedImagesAreLeftOutInEveryRound) {
  ImageListSource::Options options = Pixels(5);
  for (const bool shuffle : {false, true}) {
    options.shuffle = shuffle;
    ASSERT_OK_AND_ASSIGN(const auto whole, ImageListSource::Open(options));
    const std::vector<int> all = Labels(whole.get(), 20);
    for (int skipped = 0; skipped < 19; ++skipped) {
      ASSERT_OK_AND_ASSIGN(const auto source, ImageListSource::Open(options));
      const int at_once = skipped / 2;
      ASSERT_OK(source->Skip(at_once));
      ASSERT_OK(source->Skip(skipped - at_once));
      EXPECT_EQ(Labels(source.get(), 1)[0], all[skipped]) << skipped;
    }
  }
}

TEST(ImageListTest, NamesWhatIsWrong) {
  ImageListSource::Options options = Pixels(1);
  options.list = "/nonexistent/list.txt";
  EXPECT_THAT(ImageListSource::Open(options), HasReason("DATASET_NOT_FOUND"));
  options = Pixels(1);
  WriteBytes(options.list, "\n");
  EXPECT_THAT(ImageListSource::Open(options), HasReason("DATASET_EMPTY"));
  WriteBytes(options.list, "missing.png 1\n0.png 2\n");
  WriteBytes(options.root_folder + "0.png", "BM a bitmap");
  ASSERT_OK_AND_ASSIGN(const auto source, ImageListSource::Open(options));
  DecodedDatum datum;
  EXPECT_THAT(source->Next(&datum), HasReason("FILE_NOT_FOUND"));
  const absl::Status status = source->Next(&datum);
  EXPECT_THAT(status, HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(status, StatusIs(Code::kFailedPrecondition, "is a BMP"));
  EXPECT_THAT(status, StatusIs(Code::kFailedPrecondition, "/0.png"));
}

}  // namespace
}  // namespace quantd::testing
