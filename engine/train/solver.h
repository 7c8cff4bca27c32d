// Caffe's solvers: forward, backward, update, test, snapshot.
// Not here: reading the prototxt (solver_param.h) and its nets (solver_nets.h),
// the rates (learning_rate.h), the rules (update_rule.h), files.
// Source: BVLC Caffe, src/caffe/solver.cpp, src/caffe/solvers/sgd_solver.cpp.
#ifndef QUANTD_ENGINE_TRAIN_SOLVER_H_
#define QUANTD_ENGINE_TRAIN_SOLVER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/train/solver_nets.h"
#include "engine/train/update_rule.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One element of an output blob of a test net, averaged over test_iter batches.
struct SolverTestOutput {
  int net = 0;  // Which test net.
  std::string blob;
  int element = 0;
  double value = 0;
};

// The two files of a snapshot.
struct SolverSnapshot {
  std::string model_name;  // <snapshot_prefix>_iter_<N>.caffemodel[.h5]
  std::string model;
  std::string state_name;  // <snapshot_prefix>_iter_<N>.solverstate[.h5]
  std::string state;
};

// Follows Solve(). Called from its thread; an error ends Solve() with it.
class SolverObserver {
 public:
  virtual ~SolverObserver() = default;
  // Iteration `iter` (from 0) is done; `loss` is averaged over average_loss.
  virtual absl::Status OnIteration(int iter, double loss, float rate) {
    return absl::OkStatus();
  }
  // The test nets ran before iteration `iter`.
  virtual absl::Status OnTest(int iter,
                              const std::vector<SolverTestOutput>& outputs) {
    return absl::OkStatus();
  }
  virtual absl::Status OnSnapshot(SolverSnapshot snapshot) {
    return absl::OkStatus();
  }
  // Asked after every iteration; true ends Solve() with a snapshot.
  virtual bool StopRequested() { return false; }
  // Asked after every layer of every pass: an error ends the pass at once.
  virtual absl::Status OnLayer() { return absl::OkStatus(); }
};

// Ownership: owns its nets, which share weights.
// Threads: compatible, not safe.
// Memory: values and gradients of all blobs; for each weight one gradient and
//   one or two histories.
//
// Example:
//   ASSIGN_OR_RETURN(auto param, ParseSolver(text, "solver.prototxt"));
//   ASSIGN_OR_RETURN(auto nets, LoadSolverNets(param, read));
//   ASSIGN_OR_RETURN(auto solver, Solver::Create(param, nets, MakeLayer));
//   RETURN_IF_ERROR(solver->Solve(&observer));
class Solver {
 public:
  struct Options {
    int64_t max_bytes = int64_t{16} << 30;  // Per net.
    // Changes the layers of a net that is about to be written.
    std::function<void(caffe::NetParameter*)> before_snapshot;
  };

  // `param` is one that ParseSolver() accepts.
  // Errors: those of Net::Create() and FindUpdateRule();
  //   MODEL_WEIGHTS_MISMATCH if a test net's blobs do not fit the train net's.
  static absl::StatusOr<std::unique_ptr<Solver>> Create(
      const caffe::SolverParameter& param, const SolverNets& nets,
      const LayerFactory& factory, const Options& options);

  // Weights by layer name; see CopyTrainedLayers().
  absl::Status LoadWeights(const caffe::NetParameter& weights,
                           std::vector<std::string>* ignored = nullptr);

  // Goes on where a snapshot was taken: the weights of `learned_net`, the
  // histories and counters of `state`, the data behind the batches that were
  // used (BVLC Caffe begins again with the first). Before the first Step().
  // Errors: those of LoadWeights() and Net::SkipPasses(); FAILED_PRECONDITION,
  //   SOLVERSTATE_MISMATCH for histories of another solver or net.
  absl::Status Restore(const caffe::SolverState& state,
                       const caffe::NetParameter& learned_net);

  // One iteration: iter_size batches forward and backward, one update.
  // Errors: those of the layers; FAILED_PRECONDITION, TRAINING_DIVERGED if the
  //   loss is not finite.
  absl::Status Step(SolverObserver* observer);

  // All iterations up to max_iter, with the tests and snapshots between them.
  absl::Status Solve(SolverObserver* observer);

  // Runs all test nets.
  absl::StatusOr<std::vector<SolverTestOutput>> Test(SolverObserver* observer);

  // Errors: MESSAGE_TOO_LARGE.
  absl::StatusOr<SolverSnapshot> TakeSnapshot();

  // Iterations done.
  int iter() const { return iter_; }
  // Of the last iteration, averaged over the last average_loss ones; 0 before.
  double loss() const;
  Net* net() { return net_.get(); }

 private:
  Solver(const caffe::SolverParameter& param, const UpdateRule& rule,
         const Options& options)
      : param_(param), rule_(rule), options_(options) {}

  // Puts the data of all nets where they are after iter_ iterations.
  absl::Status SkipData();
  absl::Status RunTests(SolverObserver* observer);
  absl::Status GiveSnapshot(SolverObserver* observer);
  void RecordLoss(double loss);
  void ClipGradients();
  void ApplyUpdate(float rate);

  const caffe::SolverParameter param_;
  const UpdateRule& rule_;
  const Options options_;
  std::unique_ptr<Net> net_;
  std::vector<std::unique_ptr<Net>> test_nets_;
  // All first ones, then all second ones, in the order of net_->params().
  std::vector<Tensor> history_;
  int iter_ = 0;
  int current_step_ = 0;  // Of lr_policy multistep.
  float rate_ = 0;        // Of the last iteration.
  std::deque<double> losses_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_SOLVER_H_
