using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Cli.Attest;

/// <summary>An appraisal policy from a file.</summary>
internal static class PolicyFile
{
    /// <returns>Null, and the problems, for one that is not well.</returns>
    /// <exception cref="CommandException">There is no such file, or it could not be read.</exception>
    public static AppraisalPolicy? Read(string name, string path, out IReadOnlyList<PolicyProblem> problems) =>
        PolicyDocument.TryParse(InputFile.Read(name, path, PolicyDocument.MaximumSize), out AppraisalPolicy? policy, out problems) ? policy : null;

    /// <summary>For a command that needs it: a policy with a problem asks for nobody knows what.</summary>
    /// <exception cref="CommandException">As <see cref="Read"/>, or the policy has problems.</exception>
    public static AppraisalPolicy Need(string option, string path) => Read(option, path, out IReadOnlyList<PolicyProblem> problems)
        ?? throw CommandException.BadUsage($"{option} {path}: {problems[0]}" + (problems.Count > 1 ? $" (and {problems.Count - 1} more problems)" : ""),
            $"osev attest policy check {path} lists all of them");
}
