#include "client/annotations.h"

#include <fstream>

#include "base/testing/status_matchers.h"
#include "client/testing/test_lmdb.h"
#include "gmock/gmock.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::MakeTestDirectory;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kMap[] =
    "item { name: 'none' label: 0 display_name: 'background' } "
    "item { name: 'dog' label: 7 }";
constexpr char kXml[] = R"(<annotation>
  <size><width>200</width><height>100</height><depth>3</depth></size>
  <object><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>
    <name>dog</name><difficult>1</difficult>
    <bndbox><xmin>20</xmin><ymin>10</ymin><xmax>100</xmax><ymax>50.5</ymax>
    </bndbox></object>
  <object><name>dog</name>
    <bndbox><xmax>2</xmax><ymax>1</ymax><xmin>0</xmin><ymin>0</ymin></bndbox>
  </object>
</annotation>)";

class AnnotationsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  const std::string folder_ = MakeTestDirectory("annotations");
  const std::string map_ = Write("map.prototxt", kMap);
};

TEST_F(AnnotationsTest, ReadsVocByTheList) {
  Write("a.xml", kXml);
  Write("b.xml",
        "<annotation><size><width>5</width><height>5</height></size>"
        "</annotation>");
  const std::string list = Write("list.txt", "images/b.jpg b.xml\n\na.xml\r\n");
  ASSERT_OK_AND_ASSIGN(const Annotations annotations,
                       ReadAnnotations(list, map_));
  EXPECT_EQ(annotations.truths,
            "1 7 0.1 0.1 0.5 0.505 1\n"
            "1 7 0 0 0.01 0.01 0\n");
  EXPECT_THAT(annotations.label_names,
              UnorderedElementsAre(Pair(0, "background"), Pair(7, "dog")));
}

TEST_F(AnnotationsTest, TakesBoxesAsTheyAre) {
  const std::string text = "0 1 0 0 1 1 0\n";
  ASSERT_OK_AND_ASSIGN(const Annotations annotations,
                       ReadAnnotations(Write("boxes.txt", text), ""));
  EXPECT_EQ(annotations.truths, text);
  EXPECT_TRUE(annotations.label_names.empty());
}

TEST_F(AnnotationsTest, SaysWhatIsWrong) {
  const auto expect = [this](const std::string& xml, const std::string& text) {
    Write("bad.xml", xml);
    const absl::Status status =
        ReadAnnotations(Write("bad.txt", "bad.xml\n"), map_).status();
    EXPECT_THAT(status, HasReason("ANNOTATION_INVALID"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("bad.xml: "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  };
  const std::string size = "<size><width>9</width><height>9</height></size>";
  expect("<annotation>", "no size");
  expect("<size><width>0</width><height>1</height></size>", "no size");
  expect(size + "<object><name>cat</name></object>", "no \"cat\"");
  expect(size + "<object><name>dog</name></object>", "bndbox");
  const std::string list = Write("list.txt", "gone.xml\n");
  EXPECT_THAT(ReadAnnotations(list, map_), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(ReadAnnotations(list, ""), HasReason("OPTION_MISSING"));
  EXPECT_THAT(ReadAnnotations(list, Write("no.map", "x")),
              HasReason("ANNOTATION_INVALID"));
}

}  // namespace
}  // namespace quantd
