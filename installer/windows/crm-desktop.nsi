; The Windows installer around the frozen program.
;
; On Windows, in a working copy with its virtual environment (see docs/INSTALLING.md):
;     .venv\Scripts\python installer\freeze.py
;     makensis /DVERSION=0.1.0 installer\windows\crm-desktop.nsi
; makes dist\crm-desktop-0.1.0-setup.exe. It installs for everybody on the computer, into
; Program Files; each person's data stays in their own profile and is never touched here.
;
; Tried: on Linux this script was compiled with makensis 3.08 around the frozen Linux program. With
; the 64-bit stub (-XTarget amd64-unicode) and a stand-in for the program its installer was run
; under Wine 8, silently: it installs, installs over an earlier version, leaves with 2 and changes
; nothing while the program runs, and uninstalls all but people's data. Its pages were not looked
; at. It was never compiled or run on Windows, with the real program or at all; nothing is signed.

Unicode true
ManifestDPIAware true
SetCompressor /SOLID lzma
RequestExecutionLevel admin

!include "MUI2.nsh"
!include "x64.nsh"

!ifndef VERSION
    !error "say which version: makensis /DVERSION=0.1.0 crm-desktop.nsi"
!endif
!ifndef FROZEN
    !define FROZEN "..\..\dist\crm-desktop"
!endif
!ifndef OUT
    !define OUT "..\..\dist\crm-desktop-${VERSION}-setup.exe"
!endif
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\crm-desktop"

Name "CRM Desktop"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\CRM Desktop"
InstallDirRegKey HKLM "${UNINSTALL}" "InstallLocation"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Files of a program that runs cannot be replaced: say so before anything is half done.
!macro RefuseWhileRunning PREFIX
Function ${PREFIX}RefuseWhileRunning
    IfFileExists "$INSTDIR\crm-desktop.exe" 0 done
    ClearErrors
    FileOpen $0 "$INSTDIR\crm-desktop.exe" a
    IfErrors 0 free
    IfSilent +2
    MessageBox MB_OK|MB_ICONEXCLAMATION "CRM Desktop is open on this computer. Close it, and its gateway, and begin again."
    SetErrorLevel 2
    Abort
free:
    FileClose $0
done:
FunctionEnd
!macroend
!insertmacro RefuseWhileRunning ""
!insertmacro RefuseWhileRunning "un."

Section "CRM Desktop"
    ${IfNot} ${RunningX64}
        Abort "CRM Desktop needs a 64-bit Windows."
    ${EndIf}
    SetRegView 64
    SetShellVarContext all
    Call RefuseWhileRunning
    ; Modules of an earlier version must not be found by a later one.
    RMDir /r "$INSTDIR\_internal"
    SetOutPath "$INSTDIR"
    File /r "${FROZEN}\*.*"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    CreateShortcut "$SMPROGRAMS\CRM Desktop.lnk" "$INSTDIR\crm-desktop-gui.exe"
    WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "CRM Desktop"
    WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKLM "${UNINSTALL}" "DisplayIcon" "$INSTDIR\crm-desktop-gui.exe"
    WriteRegStr HKLM "${UNINSTALL}" "Publisher" "The CRM Desktop contributors"
    WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
    WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1
SectionEnd

; Databases, drafts, settings and logs in people's profiles stay.
Section "Uninstall"
    SetRegView 64
    SetShellVarContext all
    Call un.RefuseWhileRunning
    Delete "$SMPROGRAMS\CRM Desktop.lnk"
    Delete "$INSTDIR\crm-desktop.exe"
    Delete "$INSTDIR\crm-desktop-gui.exe"
    RMDir /r "$INSTDIR\_internal"
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR"
    DeleteRegKey HKLM "${UNINSTALL}"
SectionEnd
