using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Net;
using System.Reflection;
using OpenStackSev.Api;
using OpenStackSev.Cli.Attest;
using OpenStackSev.Cli.ControlPlane;
using OpenStackSev.Cli.Simulate;
using OpenStackSev.Endorsements;
using OpenStackSev.Endorsements.Kds;
using OpenStackSev.Inspection;
using OpenStackSev.NodeCertificates;
using OpenStackSev.OpenStack;
using OpenStackSev.Simulation;

namespace OpenStackSev.Cli;

/// <summary>The command <c>osev</c>: all commands, and how their failures end.</summary>
public static class Osev
{
    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CommandConsole console, CancellationToken ct = default)
    {
        if (args is [string word, ..] && ControlProgram.Words.Contains(word))
            return await PassOnAsync(args, console, ct);
        ParseResult parsed = Root(console).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            console.WriteError(OneLine(parsed.Errors[0].Message), $"see {PathOf(parsed.CommandResult)} --help");
            return ExitCode.BadUsage;
        }

        console.Format = parsed.GetValue(FormatOption.Instance);
        console.Columns = parsed.HasColumns() ? parsed.GetValue(ColumnOption.Instance) ?? [] : [];
        if (console.Format == OutputFormat.Csv && !parsed.HasColumns() && parsed.Action is not (HelpWithExamples or PrintVersion))
        {
            console.WriteError($"{PathOf(parsed.CommandResult)} prints no single table, so there is no CSV of it", "use -f json or -f yaml");
            return ExitCode.BadUsage;
        }

        int failed = (parsed.CommandResult.Command as OsevCommand)?.FailureCode ?? ExitCode.Failed;
        try
        {
            InvocationConfiguration invocation = new()
            {
                Output = console.Out,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,    // Termination hears signals
            };
            // What cannot be told to end is left behind: the process ends at once, as without a listener.
            return parsed.Action is SynchronousCommandLineAction
                ? await Task.Run(() => parsed.Invoke(invocation), CancellationToken.None).WaitAsync(ct)
                : await parsed.InvokeAsync(invocation, ct);
        }
        catch (CommandException e)
        {
            console.WriteError(e.Message, e.Hint);
            return e.ExitCode == ExitCode.Failed ? failed : e.ExitCode;
        }
        catch (InspectionException e)
        {
            console.WriteError(e.Message, e.Hint);
            return failed;
        }
        catch (CloudConfigurationException e)
        {
            console.WriteError(e.Message, e.Hint);
            return failed;
        }
        catch (OpenStackApiException e)
        {
            console.WriteError(e.Message, HintFor(e));
            return failed;
        }
        catch (AttestationApiException e)
        {
            console.WriteError(e.Message, HintFor(e));
            return failed;
        }
        catch (NodeAuthorityException e)
        {
            console.WriteError(OneLine(e.Message), e.Hint);
            return failed;
        }
        catch (KdsException e)
        {
            console.WriteError(e.Message, HintFor(e));
            return failed;
        }
        catch (EndorsementFolderException e)
        {
            console.WriteError(OneLine(e.Message), e.Hint);
            return failed;
        }
        catch (SimulationException e)
        {
            console.WriteError(e.Message, e.Hint);
            return failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        // A defect must not look like a crash of the machine: everything ends as error, hint and a code.
        catch (Exception e)
        {
            console.WriteError($"{e.GetType().Name}: {OneLine(e.Message)}",
                "this is a defect of osev; please report it with the command line");
            return failed;
        }
    }

    /// <summary>To the program of the control plane, with every word as it was typed.</summary>
    private static async Task<int> PassOnAsync(IReadOnlyList<string> args, CommandConsole console, CancellationToken ct)
    {
        try
        {
            return await ControlProgram.RunAsync(args, console, Environment.GetEnvironmentVariable, ct);
        }
        catch (CommandException e)
        {
            console.WriteError(e.Message, e.Hint);
            return e.ExitCode;
        }
    }

    /// <summary>The tree of commands. A new command is one file, named as it is typed, and one line here.</summary>
    private static RootCommand Root(CommandConsole console)
    {
        RootCommand root = new("Confidential virtual machines of AMD SEV on OpenStack: look, plan, check.")
        {
            FormatOption.Instance,
            CloudOption.Instance,
            new OsevCommand("simulate", "Make things to try the rest on, without the hardware.")
            {
                Host.Create(console),
                Chain.Create(console),
                Report.Create(console),
                Kds.Create(console),
                Guest.Create(console),
                Fleet.Create(console),
            },
            Facts.Create(console),
            Explaining.Explain.Create(console),
            new OsevCommand("attest", "Evidence of confidential virtual machines: judge it, look at it.")
            {
                Verify.Create(console),
                Show.Create(console),
                Instance.Create(console),
                new OsevCommand("policy", "What is asked of evidence beyond being genuine.")
                {
                    PolicyCheck.Create(console),
                    PolicySample.Create(console),
                    PolicySchema.Create(console),
                },
                new OsevCommand("token", "Signed results, as relying parties get them.") { TokenVerify.Create(console) },
            },
            Validation.Validate.Create(console),
            Validation.Audit.Create(console),
            Validation.Rules.Create(console),
            new OsevCommand("endorsements", "AMD's certificates and CRLs: fetch them, carry them to places without a network, look at them.")
            {
                Endorsements.Fetch.Create(console),
                Endorsements.Import.Create(console),
                Endorsements.Export.Create(console),
                Endorsements.List.Create(console),
                Endorsements.Verify.Create(console),
            },
            new OsevCommand("capacity", "Encrypted guests that hosts can run, and who holds their ASIDs.")
            {
                Capacity.Show.Create(console),
            },
            new OsevCommand("host", "Hosts that report to the control plane: enrolment, chips, trust, quarantine, certificates.")
            {
                Hosts.List.Create(console),
                Hosts.Show.Create(console),
                Hosts.History.Create(console),
                Hosts.Approve.Create(console),
                Hosts.Withdraw.Create(console),
                Hosts.Quarantine.Create(console),
                Hosts.Release.Create(console),
                Hosts.Drain.Create(console),
                Hosts.CheckUpgrade.Create(console),
                new OsevCommand("certificate", "Certificates of compute nodes, by the CA's own files: run where they are, as who may read them.")
                {
                    Hosts.Certificates.Init.Create(console),
                    Hosts.Certificates.Request.Create(console),
                    Hosts.Certificates.Issue.Create(console),
                    Hosts.Certificates.Renew.Create(console),
                    Hosts.Certificates.Revoke.Create(console),
                    Hosts.Certificates.CertificateList.Create(console),
                },
            },
            new OsevCommand("policy", "The appraisal policy that the control plane judges by: versions, dry runs, activation. For files: osev attest policy.")
            {
                Policies.List.Create(console),
                Policies.Show.Create(console),
                Policies.Store.Create(console),
                Policies.DryRun.Create(console),
                Policies.Activate.Create(console),
            },
            new OsevCommand("reference", "Launch digests that are known to be good, beside those of the policy.")
            {
                References.Add.Create(console),
                References.List.Create(console),
                References.Remove.Create(console),
            },
            new OsevCommand("instance", "Instances with memory encryption, and what was found of them.")
            {
                Instances.List.Create(console),
                Instances.Show.Create(console),
                Instances.Evidence.Create(console),
            },
            Incidents.History.Create(console),
            Incidents.Show.Create(console),
            new OsevCommand("resource", "Placement, as the openstack command names it.")
            {
                new OsevCommand("provider", "Resource providers.") { Resource.ProviderList.Create(console) },
            },
            new OsevCommand("server", "Servers, and what they ask for.")
            {
                Servers.List.Create(console),
            },
            new OsevCommand("enforcement", "What follows from verdicts: what was done about instances, and why it was not.")
            {
                Enforcement.Status.Create(console),
                Enforcement.Instances.Create(console),
                Enforcement.Release.Create(console),
                Enforcement.Resume.Create(console),
            },
            new OsevCommand("gate", "Stacks that wait until their servers have proved themselves.")
            {
                Gates.List.Create(console),
            },
            Scheduling.SnapshotSync.Create(console),
            new OsevCommand("sweep", "How the control plane looks after the cloud's instances.")
            {
                Sweep.Status.Create(console),
            },
            ControlProgram.Create("manage", "What an administrator does on the control plane's machine: openstack-sev-control manage.", "osev manage db sync"),
            ControlProgram.Create("status", "How the control plane's machine stands: openstack-sev-control status.", "osev status upgrade check"),
            Completion.Create(console),
        };
        // Without the aliases /h and /?, which are paths here.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Add(new HelpOption("--help", "-h") { Action = new HelpWithExamples(new HelpAction()) });
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion(console);
        return root;
    }

    private static string? HintFor(OpenStackApiException e) => e.Status switch
    {
        HttpStatusCode.Unauthorized => "check user name, password and project of this cloud in clouds.yaml",
        HttpStatusCode.Forbidden => "this needs a role that the user does not have, most often admin or reader",
        null => "is the cloud up, and is its auth_url right?",
        _ => e.IsTransient ? "try again" : null,
    };

    private static string? HintFor(AttestationApiException e) => e.Status switch
    {
        HttpStatusCode.Unauthorized => "check user name, password and project of this cloud in clouds.yaml",
        HttpStatusCode.Forbidden => "this needs a role that the user does not have, most often admin; policy.yaml of the control plane decides",
        HttpStatusCode.NotFound when e.Code == "attestation.host.not_found" => "osev host list shows the hosts that have reported",
        HttpStatusCode.NotFound when e.Code == "attestation.incident.not_found" => "osev incident UUID --list shows those of a server or a compute node",
        HttpStatusCode.NotFound when e.Code == "attestation.policy.not_found" => "osev policy list shows the versions",
        HttpStatusCode.NotFound when e.Code == "attestation.reference.not_found" => "osev reference list shows those that count",
        HttpStatusCode.Conflict when e.Code == "attestation.policy.active_changed" => "osev policy list shows the one that judges now",
        HttpStatusCode.Conflict when e.Code == "attestation.policy.unfit" => "osev policy show prints its document",
        HttpStatusCode.Conflict when e.Code == "attestation.reference.last" => "add others first, or say --allow-unchecked",
        HttpStatusCode.Conflict when e.Code?.StartsWith("attestation.enforcement.", StringComparison.Ordinal) == true => "osev enforcement status, and osev enforcement list, show how it stands",
        HttpStatusCode.NotFound when e.Code == "attestation.instance.not_found" => "osev instance list shows those of the project; osev sweep status shows when the cloud was looked at last",
        HttpStatusCode.NotFound when e.Code == "attestation.evidence.not_found" => "it has to answer a challenge first: is openstack-sev-guest in its image?",
        HttpStatusCode.NotFound => "is the endpoint of service type attestation right? openstack endpoint list --service attestation",
        null => "is the control plane up? A CA of its own is named in cacert of clouds.yaml",
        _ => e.IsTransient ? "try again" : null,
    };

    private static string? HintFor(KdsException e) => e.Code switch
    {
        KdsCodes.NotFound => "is it the REPORTED_TCB of this chip, and the right product?",
        KdsCodes.Throttled => "others ask from the same address; wait, or bring a bundle: osev endorsements import",
        KdsCodes.Unreachable => "is there a way to the service? A mirror is named with --kds, a bundle brought with osev endorsements import",
        KdsCodes.Untrusted => "a simulated root is named with --simulated-root; of AMD's service this must not happen",
        KdsCodes.Malformed => "something between here and the service answers in its place, such as a proxy",
        _ => e.IsTransient ? "try again later" : null,
    };

    private static string OneLine(string message) =>
        string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static string PathOf(CommandResult result)
    {
        string name = result.Command is RootCommand ? "osev" : result.Command.Name;
        return result.Parent is CommandResult parent ? $"{PathOf(parent)} {name}" : name;
    }

    private sealed class PrintVersion(CommandConsole console) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        // Without the revision that the compiler puts behind a "+".
        public override int Invoke(ParseResult parseResult)
        {
            string version = typeof(Osev).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            console.WriteLine("osev " + version.Split('+')[0]);
            return ExitCode.Ok;
        }
    }
}
