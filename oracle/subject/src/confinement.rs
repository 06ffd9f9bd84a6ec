//! What programs may not do to the machine: write outside their folder, reach a network, start or kill processes.
//!
//! Landlock keeps files, TCP and signals; seccomp refuses the system calls that Landlock does not know. Both are
//! the kernel's and last until the process ends. A kernel that lacks Landlock leaves seccomp alone to it, and the
//! worker says so when it introduces itself.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus,
    Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// The newest Landlock that the rules are written for.
const NEWEST: ABI = ABI::V6;

/// Whether the process may become, and start, other programs: an interpreter given as a command must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processes {
    None,
    Allowed,
}

/// Rules that are ready to be put into force, in this process or in a child between fork and exec.
pub struct Confinement {
    files: Option<RulesetCreated>,
    filters: Vec<BpfProgram>,
}

impl Confinement {
    /// Rules under which only these folders can be written to.
    pub fn new(writable: &[&Path], processes: Processes) -> io::Result<Confinement> {
        Ok(Confinement {
            files: Some(file_rules(writable, processes).map_err(io::Error::other)?),
            filters: filters(processes)?,
        })
    }

    /// Puts the rules into force, and tells by which means.
    pub fn enforce(&mut self) -> io::Result<String> {
        let status = match self.files.take() {
            Some(rules) => rules.restrict_self().map_err(io::Error::other)?,
            None => return Err(io::Error::other("the rules are in force already")),
        };
        for filter in &self.filters {
            seccompiler::apply_filter(filter).map_err(io::Error::other)?;
        }
        Ok(description(&status))
    }
}

fn description(status: &RestrictionStatus) -> String {
    match status.ruleset {
        RulesetStatus::FullyEnforced => "landlock, seccomp".to_owned(),
        RulesetStatus::PartiallyEnforced => "landlock in part, seccomp".to_owned(),
        RulesetStatus::NotEnforced => "seccomp (this kernel has no landlock)".to_owned(),
    }
}

fn file_rules(
    writable: &[&Path],
    processes: Processes,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let mut reading = AccessFs::ReadFile | AccessFs::ReadDir;
    if processes == Processes::Allowed {
        reading |= AccessFs::Execute;
    }
    let everything = AccessFs::from_all(NEWEST);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(everything)?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let beneath =
        |path: &Path, access| PathFd::new(path).map(|opened| PathBeneath::new(opened, access));
    if let Ok(rule) = beneath(Path::new("/"), reading) {
        rules = rules.add_rule(rule)?;
    }
    if let Ok(rule) = beneath(
        Path::new("/dev/null"),
        AccessFs::ReadFile | AccessFs::WriteFile,
    ) {
        rules = rules.add_rule(rule)?;
    }
    // A program may not leave something behind that it could start later.
    let own = everything & !AccessFs::Execute;
    for path in writable {
        if let Ok(rule) = beneath(path, own) {
            rules = rules.add_rule(rule)?;
        }
    }
    Ok(rules)
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Calls refused whatever their arguments.
const REFUSED: [i64; 28] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_quotactl,
    libc::SYS_acct,
];

fn filters(processes: Processes) -> io::Result<Vec<BpfProgram>> {
    let mut refused: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    // Pairs of sockets have a call of their own; any other socket could reach somebody else.
    refused.insert(libc::SYS_socket, Vec::new());
    let mut unknown = Rules::new();
    if processes == Processes::None {
        refused.insert(libc::SYS_execve, Vec::new());
        refused.insert(libc::SYS_execveat, Vec::new());
        #[cfg(target_arch = "x86_64")]
        for call in [libc::SYS_fork, libc::SYS_vfork] {
            refused.insert(call, Vec::new());
        }
        let thread = libc::CLONE_THREAD as u64;
        let no_thread = condition(0, SeccompCmpOp::MaskedEq(thread), 0)?;
        refused.insert(libc::SYS_clone, vec![rule(vec![no_thread])?]);
        // Its flags lie in memory where no filter sees them; the C library then goes back to clone.
        unknown.insert(libc::SYS_clone3, Vec::new());
        let own = u64::from(std::process::id());
        for call in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo] {
            let other = condition(0, SeccompCmpOp::Ne, own)?;
            refused.insert(call, vec![rule(vec![other])?]);
        }
        refused.insert(libc::SYS_tkill, Vec::new());
    }
    let mut programs = vec![program(refused, libc::EPERM)?];
    if !unknown.is_empty() {
        programs.push(program(unknown, libc::ENOSYS)?);
    }
    Ok(programs)
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .map_err(io::Error::other)
}

fn rule(conditions: Vec<SeccompCondition>) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions).map_err(io::Error::other)
}

fn program(rules: Rules, error: libc::c_int) -> io::Result<BpfProgram> {
    let architecture = std::env::consts::ARCH
        .try_into()
        .map_err(io::Error::other)?;
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(error as u32),
        architecture,
    )
    .and_then(TryInto::try_into)
    .map_err(io::Error::other)
}
